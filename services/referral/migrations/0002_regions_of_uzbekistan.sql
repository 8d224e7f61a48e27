-- ISO 3166-2:UZ: the state and its first level. Districts are entered through the API.

INSERT INTO region (code, parent_code, kind, name, within) VALUES ('UZ', NULL, 'state', 'Oʻzbekiston', NULL);
INSERT INTO region (code, parent_code, kind, name, within)
SELECT code, 'UZ', 'region', name, code FROM (VALUES
    ('UZ-AN', 'Andijon'), ('UZ-BU', 'Buxoro'), ('UZ-FA', 'Fargʻona'), ('UZ-JI', 'Jizzax'), ('UZ-NG', 'Namangan'), ('UZ-NW', 'Navoiy'),
    ('UZ-QA', 'Qashqadaryo'), ('UZ-QR', 'Qoraqalpogʻiston Respublikasi'), ('UZ-SA', 'Samarqand'), ('UZ-SI', 'Sirdaryo'), ('UZ-SU', 'Surxondaryo'),
    ('UZ-TK', 'Toshkent shahri'), ('UZ-TO', 'Toshkent viloyati'), ('UZ-XO', 'Xorazm')
) AS listed (code, name);
