-- A registry of schema 1, as version 0.1 of the program wrote it: rows of every table.
-- Its tables are those of migrations/*/0001_base.sql; made-up data, nobody's.

INSERT INTO sequence
    (name, last)
VALUES
    ('delivery', 3),
    ('snapshot', 5),
    ('config', 3),
    ('job', 2);
INSERT INTO process
    (id, label, head)
VALUES
    ('rsa', 'Revenu de solidarité active', 5),
    ('aah', '', 3);
INSERT INTO snapshot
    (id, process, parent, cause, delivery, actor, at_us)
VALUES
    (1, 'rsa', 0, 'import', 1, 'local', 1760000001000000),
    (2, 'rsa', 1, 'import', 2, 'local', 1760000002000000),
    (3, 'aah', 0, 'import', 3, 'local', 1760000003000000),
    (4, 'rsa', 2, 'undo', 1, 'chef', 1760000020000000),
    (5, 'rsa', 4, 'compaction', NULL, 'local', 1760000021000000);
INSERT INTO data_file
    (process, kind, path, added_in, retired_in, month, delivery, row_count, case_count, bytes, sha256, first_us, last_us, min_case, max_case)
VALUES
    ('rsa', 'events', 'rsa/2025-03/d1.parquet', 1, 4, '2025-03-01', 1, 3, 2, 1234, '000000000000000000000000000000000000000000rsa/2025-03/d1.parquet', -1, 1, '001', 'é''"; DROP TABLE import_record'),
    ('rsa', 'delivery', 'rsa/2025-03/d1.parquet', 1, 4, '2025-03-01', 1, 3, 2, 1234, '000000000000000000000000000000000000000000rsa/2025-03/d1.parquet', -1, 1, '001', 'é''"; DROP TABLE import_record'),
    ('rsa', 'events', 'rsa/2025-03/d2.parquet', 2, 5, '2025-03-01', 2, 3, 2, 1234, '000000000000000000000000000000000000000000rsa/2025-03/d2.parquet', -1, 1, '001', 'é''"; DROP TABLE import_record'),
    ('rsa', 'delivery', 'rsa/2025-03/d2.parquet', 2, 5, '2025-03-01', 2, 3, 2, 1234, '000000000000000000000000000000000000000000rsa/2025-03/d2.parquet', -1, 1, '001', 'é''"; DROP TABLE import_record'),
    ('aah', 'events', 'aah/2025-03/d3.parquet', 3, NULL, '2025-03-01', 3, 3, 2, 1234, '000000000000000000000000000000000000000000aah/2025-03/d3.parquet', -1, 1, '001', 'é''"; DROP TABLE import_record'),
    ('aah', 'delivery', 'aah/2025-03/d3.parquet', 3, NULL, '2025-03-01', 3, 3, 2, 1234, '000000000000000000000000000000000000000000aah/2025-03/d3.parquet', -1, 1, '001', 'é''"; DROP TABLE import_record'),
    ('rsa', 'events', 'rsa/2025-03/merged.parquet', 5, NULL, '2025-03-01', 1, 3, 2, 1234, '00000000000000000000000000000000000000rsa/2025-03/merged.parquet', -1, 1, '001', 'é''"; DROP TABLE import_record');
INSERT INTO delivery
    (id, process)
VALUES
    (1, 'rsa'),
    (2, 'rsa'),
    (3, 'aah');
INSERT INTO import_record
    (id, process, org, kind, file_name, source, sha256, fingerprint, at_us, actor, mapping_toml, zone, rows_read, accepted, quarantined, duplicates, repeated, replaced, cases, activities, resources, first_us, last_us, findings_json, quarantine_path, replace_from, replace_to, snapshot, status, undone_us, undone_by, undone_reason, undone_in)
VALUES
    (1, 'rsa', NULL, 'events', 'export.csv', 'rsa', '0000000000000000000000000000000000000000000000000000000000000001', '', 1760000001000000, 'local', NULL, 'Europe/Paris', 5, 3, 1, 1, 0, 0, 2, 2, 1, 1759999900000000, 1759999990000000, '[]', NULL, NULL, NULL, 1, 'undone', 1760000020000000, 'chef', 'mauvais fichier', 4),
    (2, 'rsa', NULL, 'events', 'export.csv', 'rsa', '0000000000000000000000000000000000000000000000000000000000000002', '', 1760000002000000, 'local', NULL, 'Europe/Paris', 5, 3, 1, 1, 0, 0, 2, 2, 1, 1759999900000000, 1759999990000000, '[]', NULL, NULL, NULL, 2, 'committed', NULL, NULL, NULL, NULL),
    (3, 'aah', 'caf-75', 'typed', 'Saisie « du jour »  ''; --.csv', 'écran', '0000000000000000000000000000000000000000000000000000000000000003', 'abc', 1760000003000000, 'local', 'case = "N°"
', 'Europe/Paris', 9223372036854775807, 3, 1, 1, 0, 0, 2, 2, 1, NULL, 1761438600123456, '[{"line":3,"code":"date"}]', 'quarantine/1.csv', '2025-03-01', '2025-03-31', 3, 'committed', NULL, NULL, NULL, NULL);
INSERT INTO mapping
    (name, process, toml, header, file_pattern, actor, at_us)
VALUES
    ('Élan', 'rsa', 'a = 1', 'h1', 'rsa_*.csv', 'anne', 1760000025000000);
INSERT INTO config_revision
    (revision, process, from_day, toml, actor, at_us)
VALUES
    (1, 'rsa', '2025-01-01', 'label = "Revenu de solidarité active"
zone = "Europe/Paris"
calendar = "metropole"
worked_weekdays = [
    1,
    2,
    3,
    4,
    5,
]
target = []
exclusion = []
neutralised = []
closure = []
output_window_days = 20
expected_stock = []

[states]
settled = []
settled_auto = []
cancelled = []
transferred = []
neutral = []
hold = []

[closing_rule]
terminal_share = 0.9
silence_quantile = 0.95

[alert]
tense_points = 0.0
critical_points = 0.1
tense_late_share = 0.05
critical_late_share = 0.2
', 'anne', 1760000022000000),
    (2, 'rsa', '2025-07-01', 'label = "Revenu de solidarité active"
zone = "Europe/Paris"
calendar = "metropole"
worked_weekdays = [
    1,
    2,
    3,
    4,
    5,
]
target = []
exclusion = []
neutralised = []
closure = []
output_window_days = 20
expected_stock = []

[states]
settled = []
settled_auto = []
cancelled = []
transferred = []
neutral = []
hold = []

[closing_rule]
terminal_share = 0.9
silence_quantile = 0.95

[alert]
tense_points = 0.0
critical_points = 0.1
tense_late_share = 0.05
critical_late_share = 0.2
', 'anne', 1760000023000000),
    (3, 'rsa', '2025-07-01', NULL, 'anne', 1760000024000000);
INSERT INTO setting
    (name, json, actor, at_us)
VALUES
    ('body', '{"name":"Caf de l’Ain","zone":"Europe/Paris","calendar":"metropole"}', 'anne', 1760000026000000);
INSERT INTO control_total
    (process, day, stock, actor, at_us)
VALUES
    ('rsa', '2025-03-31', 120, 'anne', 1760000027000000),
    ('rsa', '2025-02-28', -5, 'anne', 1760000028000000);
INSERT INTO publication
    (process, from_day, to_day, rank, snapshot, config_revision, figures_json, reason, differences_json, actor, at_us)
VALUES
    ('rsa', '2025-03-01', '2025-03-31', 1, 5, 3, '{"stock":1.5}', NULL, NULL, 'anne', 1760000029000000),
    ('rsa', '2025-03-01', '2025-03-31', 2, 5, 3, '{"stock":2.5}', 'pièces oubliées', '[]', 'anne', 1760000030000000);
INSERT INTO job
    (id, kind, process, status, done, total, message_fr, message_en, result_json, cancel_requested, owner, actor, created_us, updated_us)
VALUES
    (1, 'import', 'rsa', 'done', 5, 10, 'Lecture', 'Reading', '{"rows":3}', 0, 'a08cb9e084134bc6a289a8f39689df1a', 'anne', 1760000031000000, 1760000034000000),
    (2, 'import', 'rsa', 'queued', 0, 0, 'En attente', 'Waiting', NULL, 0, 'a08cb9e084134bc6a289a8f39689df1a', 'anne', 1760000035000000, 1760000035000000);
INSERT INTO audit_entry
    (seq, at_us, actor, action, object, details, prev_hash, hash)
VALUES
    (1, 1760000001000000, 'local', 'import.commit', 'import/1', '{"accepted":3,"duplicates":1,"files_added":2,"files_retired":0,"fingerprint":"","kind":"events","process":"rsa","quarantined":1,"replace":null,"replaced":0,"rows_read":5,"sha256":"0000000000000000000000000000000000000000000000000000000000000001","snapshot":1}', '0000000000000000000000000000000000000000000000000000000000000000', '84bfc584d1bbf687f0950b83d48f8d96e7946e8005d9f36d906a76b60617e706'),
    (2, 1760000002000000, 'local', 'import.commit', 'import/2', '{"accepted":3,"duplicates":1,"files_added":2,"files_retired":0,"fingerprint":"","kind":"events","process":"rsa","quarantined":1,"replace":null,"replaced":0,"rows_read":5,"sha256":"0000000000000000000000000000000000000000000000000000000000000002","snapshot":2}', '84bfc584d1bbf687f0950b83d48f8d96e7946e8005d9f36d906a76b60617e706', '85e97aa417e8be6ac721e4b871787f4b34322d7b455702969ddf0dbacf3a559f'),
    (3, 1760000003000000, 'local', 'import.commit', 'import/3', '{"accepted":3,"duplicates":1,"files_added":2,"files_retired":0,"fingerprint":"abc","kind":"typed","process":"aah","quarantined":1,"replace":"2025-03-01..2025-03-31","replaced":0,"rows_read":9223372036854775807,"sha256":"0000000000000000000000000000000000000000000000000000000000000003","snapshot":3}', '85e97aa417e8be6ac721e4b871787f4b34322d7b455702969ddf0dbacf3a559f', '6f04dda13821738e1571e759ab311387bb611891ab0f9bb33538af51c76e8b65'),
    (4, 1760000020000000, 'chef', 'import.undo', 'import/1', '{"files_added":0,"files_retired":1,"process":"rsa","reason_sha256":"60913affdfd577d72019dd6d60d9bffeded0af2338cec09b5fcad9735a003ea2","snapshot":4}', '6f04dda13821738e1571e759ab311387bb611891ab0f9bb33538af51c76e8b65', '52b6c74c4070c871b04e8829064edcef007e9ce8952d1b06777bc2bdffd1a357'),
    (5, 1760000021000000, 'local', 'lake.compact', 'process/rsa', '{"added":1,"retired":1,"snapshot":5}', '52b6c74c4070c871b04e8829064edcef007e9ce8952d1b06777bc2bdffd1a357', 'ff6a6dbaf57f6e0314bfe41b67a6a8a8ab288329831703f1125be95d9e0f0bfd'),
    (6, 1760000022000000, 'anne', 'config.put', 'process/rsa', '{"from":"2025-01-01","revision":1,"sha256":"df979f4e142c69dd6f2c2c3741f814a7972efcac21ed92d040a7c91cdc0d63d7"}', 'ff6a6dbaf57f6e0314bfe41b67a6a8a8ab288329831703f1125be95d9e0f0bfd', '2c428133016192e36a9c08b36f801220bdbe2abb1449e9bade182ca93860b4fc'),
    (7, 1760000023000000, 'anne', 'config.put', 'process/rsa', '{"from":"2025-07-01","revision":2,"sha256":"df979f4e142c69dd6f2c2c3741f814a7972efcac21ed92d040a7c91cdc0d63d7"}', '2c428133016192e36a9c08b36f801220bdbe2abb1449e9bade182ca93860b4fc', 'caecc913a17f39f45286815fcc11d76ac345b15e92e412a82f9804dfebc3cc84'),
    (8, 1760000024000000, 'anne', 'config.remove', 'process/rsa', '{"from":"2025-07-01","revision":3,"sha256":null}', 'caecc913a17f39f45286815fcc11d76ac345b15e92e412a82f9804dfebc3cc84', '48dd7b019da1c562167f0456c8d3852f96f03772bb868ae4628a5ff2de248650'),
    (9, 1760000025000000, 'anne', 'mapping.save', 'mapping/Élan', '{"header":"h1","process":"rsa","sha256":"b5bc1ffd90912fb18bef6e7d80909192c7a6492896320156d67fbaf104c6544a"}', '48dd7b019da1c562167f0456c8d3852f96f03772bb868ae4628a5ff2de248650', '1850659bc30ef987b6ab336800a1721d5fa13ba906f0e956a9f6123be1acf948'),
    (10, 1760000026000000, 'anne', 'setting.put', 'setting/body', '{"earlier_sha256":null,"sha256":"d85ba2c03e66aa77212d60146c4aa952d4a8fba98dc89088b3a2347960ba44e0"}', '1850659bc30ef987b6ab336800a1721d5fa13ba906f0e956a9f6123be1acf948', '7326619833384863df2692623b55af8523e335c3287120f163ac8fda1b4a6de2'),
    (11, 1760000027000000, 'anne', 'control_total.put', 'process/rsa', '{"day":"2025-03-31","earlier":null,"stock":120}', '7326619833384863df2692623b55af8523e335c3287120f163ac8fda1b4a6de2', 'f588ce29e9a8d6ab1b053c75f5e2d9f42f2828cbbf1c2a2767524a00ddf13d04'),
    (12, 1760000028000000, 'anne', 'control_total.put', 'process/rsa', '{"day":"2025-02-28","earlier":null,"stock":-5}', 'f588ce29e9a8d6ab1b053c75f5e2d9f42f2828cbbf1c2a2767524a00ddf13d04', '82aa50937d700d8a68deab878f638e14ca5321846459884bf02654fc5b8bb826'),
    (13, 1760000029000000, 'anne', 'period.close', 'process/rsa', '{"config_revision":3,"differences_sha256":null,"figures_sha256":"6053195eb408eb3108ce0cd2279ecdd5d09c4c98ba7fc82e908131144a2c0a8e","period":"2025-03-01..2025-03-31","rank":1,"reason_sha256":null,"snapshot":5}', '82aa50937d700d8a68deab878f638e14ca5321846459884bf02654fc5b8bb826', '34b49f20fde791fa1176c6725b69b0f469470a34394da47da2c0933b24db4b1a'),
    (14, 1760000030000000, 'anne', 'period.restate', 'process/rsa', '{"config_revision":3,"differences_sha256":"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945","figures_sha256":"37347bcca29ea30ab249649c16c59d200aebacdce5579ce664fcb47b1b789a20","period":"2025-03-01..2025-03-31","rank":2,"reason_sha256":"1e51cd9735cee4655760e835048471fb6f49fbc2341bea3dc5e024d3fc8f36ec","snapshot":5}', '34b49f20fde791fa1176c6725b69b0f469470a34394da47da2c0933b24db4b1a', '0d84fcc1bad5d99fe98d2ca1ec18158b459d14214461353fa1dd0a9b2bb456d9'),
    (15, 1760000031000000, 'anne', 'job.create', 'job/1', '{"kind":"import","process":"rsa"}', '0d84fcc1bad5d99fe98d2ca1ec18158b459d14214461353fa1dd0a9b2bb456d9', 'b5bdb2567cf43e52c0469bf261f4c1544173c713ccccccbf43012f4887973027'),
    (16, 1760000034000000, 'anne', 'job.end', 'job/1', '{"status":"done"}', 'b5bdb2567cf43e52c0469bf261f4c1544173c713ccccccbf43012f4887973027', '7e7233318f9b546df906bddbe58b4f85296990dd3886b4c718b3c4548cce9f4e'),
    (17, 1760000035000000, 'anne', 'job.create', 'job/2', '{"kind":"import","process":"rsa"}', '7e7233318f9b546df906bddbe58b4f85296990dd3886b4c718b3c4548cce9f4e', '7927693fc4f613668809abc523599f60de7b25481f439380ca26cec313dfc08a');
UPDATE audit_head SET seq = 17, hash = '7927693fc4f613668809abc523599f60de7b25481f439380ca26cec313dfc08a';
