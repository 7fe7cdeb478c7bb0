import { expect, it } from "vitest";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, numbered, warming } from "../warming-harness.ts";
