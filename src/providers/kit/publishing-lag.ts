/** The advice for an asset that its vendor may show as published in a moment. Both vendors document no bound for that. */
export const PUBLISHING_LAG = "A new asset may take several minutes to show. Look-ups cost no quota.";
