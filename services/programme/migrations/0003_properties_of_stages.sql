-- A rule that means a stage asks a property of the pathway, no longer a number. Stored versions get what held for their stages by number until
-- now, so that nothing changes for them; the five stages of addiction-rehabilitation get titles. An older process ignores the new fields.

UPDATE pathway SET body = jsonb_set(body, '{stages}', (
    SELECT jsonb_agg(rule || jsonb_build_object(
        'completes_the_journey', place = jsonb_array_length(body -> 'stages'),
        'asks_for_support', place = 5,
        'halfway', place = 4,
        'needs_four_levels', place = jsonb_array_length(body -> 'stages'),
        'adaptation_goals', CASE WHEN place = jsonb_array_length(body -> 'stages')
            THEN '["prosperous-environment", "restored-ties", "new-interaction", "new-living-conditions"]'::jsonb ELSE '[]'::jsonb END
    ) ORDER BY place)
    FROM jsonb_array_elements(body -> 'stages') WITH ORDINALITY AS listed (rule, place)
));

UPDATE pathway SET body = jsonb_set(body, '{stages}', (
    SELECT jsonb_agg(rule || jsonb_build_object('titles', $titles$
{
  "detoxification": {"uz-Latn": "Detoksikatsiya", "uz-Cyrl": "Детоксикация", "ru": "Детоксикация", "en": "Detoxification"},
  "treatment": {"uz-Latn": "Davolash", "uz-Cyrl": "Даволаш", "ru": "Лечение", "en": "Treatment"},
  "medical-rehabilitation": {"uz-Latn": "Tibbiy reabilitatsiya", "uz-Cyrl": "Тиббий реабилитация", "ru": "Медицинская реабилитация",
    "en": "Medical rehabilitation"},
  "social-rehabilitation": {"uz-Latn": "Ijtimoiy reabilitatsiya", "uz-Cyrl": "Ижтимоий реабилитация", "ru": "Социальная реабилитация",
    "en": "Social rehabilitation"},
  "resocialization": {"uz-Latn": "Qayta ijtimoiylashuv", "uz-Cyrl": "Қайта ижтимоийлашув", "ru": "Ресоциализация", "en": "Resocialization"}
}
$titles$::jsonb -> (rule ->> 'code')) ORDER BY place)
    FROM jsonb_array_elements(body -> 'stages') WITH ORDINALITY AS listed (rule, place)
))
WHERE code = 'addiction-rehabilitation';
