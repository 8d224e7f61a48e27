-- The first version of the pathway (mission row 002-01). Lengths in weeks are labelled defaults except 24 for stage 2; 6 to 12 months: 002-18.

INSERT INTO pathway (code, version, status, body) VALUES ('addiction-rehabilitation', 1, 'published', $pathway$
{
  "code": "addiction-rehabilitation",
  "version": 1,
  "stages": [
    {"stage": 1, "code": "detoxification", "planned_weeks": 2, "needs_medical_organisation": true, "needs_responsible_doctor": true,
     "relapse_definitions": ["consecutive-4", "consecutive-4-from-week-3", "consecutive-3", "two-of-four", "two-after-week-4", "dropout-4-missing"]},
    {"stage": 2, "code": "treatment", "planned_weeks": 24,
     "relapse_definitions": ["consecutive-4", "consecutive-4-from-week-3", "consecutive-3", "two-of-four", "two-after-week-4", "dropout-4-missing"]},
    {"stage": 3, "code": "medical-rehabilitation", "planned_weeks": 12,
     "relapse_definitions": ["consecutive-4", "consecutive-4-from-week-3", "consecutive-3", "two-of-four", "two-after-week-4", "dropout-4-missing"]},
    {"stage": 4, "code": "social-rehabilitation", "planned_weeks": 26, "planned_months": [6, 12],
     "relapse_definitions": ["consecutive-4", "consecutive-4-from-week-3", "consecutive-3", "two-of-four", "two-after-week-4", "dropout-4-missing"]},
    {"stage": 5, "code": "resocialization", "planned_weeks": 52,
     "relapse_definitions": ["consecutive-4", "consecutive-4-from-week-3", "consecutive-3", "two-of-four", "two-after-week-4", "dropout-4-missing"]}
  ]
}
$pathway$);
