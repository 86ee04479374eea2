-- Written by `python -m tools.queries` from the ibis expressions beside this folder; edit those instead.
-- Tables: docs/measures.md. `step` queries are to be stored under their name, in this order; `query` ones answer.

-- step spells: facts
SELECT
  CAST(CAST(FLOOR(ieee_divide(`t0`.`at`, 60)) AS INT64) AS INT64) AS `minute`,
  `t0`.`stream`,
  `t0`.`client`,
  `t0`.`network`,
  `t0`.`consumer`,
  `t0`.`ecosystem`,
  `t0`.`kind`,
  `t0`.`method`,
  `t0`.`status`,
  `t0`.`cache`,
  COUNT(*) AS `requests`,
  CAST(TRUNC(SUM(CAST(GREATEST(`t0`.`sent`, 0) AS FLOAT64))) AS INT64) AS `bytes`,
  COUNTIF(`t0`.`sent` < 0) AS `unsized`,
  MIN(`t0`.`at`) AS `began`,
  MIN(IF(`t0`.`package` >= 0, `t0`.`package`, NULL)) AS `low`,
  MAX(`t0`.`package`) AS `high`
FROM `facts` AS `t0`
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  10
;

-- step ways: spells
SELECT
  `t1`.`kind`,
  `t1`.`method`,
  `t1`.`status`,
  `t1`.`cache`,
  CAST(TRUNC(SUM(CAST(`t1`.`requests` AS FLOAT64))) AS INT64) AS `requests`,
  COALESCE(SUM(CAST(`t1`.`bytes` AS NUMERIC)), 0) AS `bytes`,
  CAST(TRUNC(SUM(CAST(`t1`.`unsized` AS FLOAT64))) AS INT64) AS `unsized`
FROM (
  SELECT
    *
  FROM `spells` AS `t0`
  WHERE
    `t0`.`kind` <> 'own'
) AS `t1`
GROUP BY
  1,
  2,
  3,
  4
;

-- step days: spells
SELECT
  CAST(CAST(FLOOR(ieee_divide(`t1`.`minute`, 1440)) AS INT64) AS INT64) AS `day`,
  `t1`.`stream`,
  `t1`.`client`,
  `t1`.`network`,
  `t1`.`consumer`,
  `t1`.`ecosystem`,
  CAST(TRUNC(SUM(CAST(`t1`.`requests` AS FLOAT64))) AS INT64) AS `requests`,
  CAST(TRUNC(
    SUM(
      CAST(IF(
        `t1`.`method` IN ('GET', '')
        AND `t1`.`status` IN (200)
        AND (
          `t1`.`kind` = 'artifact'
        ),
        `t1`.`requests`,
        0
      ) AS FLOAT64)
    )
  ) AS INT64) AS `downloads`,
  CAST(TRUNC(SUM(CAST(`t1`.`bytes` AS FLOAT64))) AS INT64) AS `bytes`
FROM (
  SELECT
    *
  FROM `spells` AS `t0`
  WHERE
    `t0`.`kind` <> 'own'
) AS `t1`
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6
;

-- step visits: agents days streams
SELECT
  `t3`.`day`,
  `t3`.`stream`,
  `t3`.`client`,
  `t3`.`network`,
  `t3`.`consumer`,
  `t3`.`ecosystem`,
  `t3`.`requests`,
  `t3`.`downloads`,
  `t3`.`bytes`,
  COALESCE(`t7`.`software`, '') AS `software`,
  COALESCE(`t7`.`software_kind`, '') AS `software_kind`,
  COALESCE(`t7`.`purpose`, '') AS `purpose`,
  COALESCE(`t7`.`tool_ecosystem`, '') AS `tool_ecosystem`
FROM `days` AS `t3`
LEFT OUTER JOIN (
  SELECT
    `t4`.`stream`,
    `t4`.`software`,
    `t4`.`software_kind`,
    `t4`.`purpose`,
    COALESCE(`t5`.`ecosystem`, '') AS `tool_ecosystem`
  FROM `streams` AS `t4`
  LEFT OUTER JOIN `agents` AS `t5`
    ON `t4`.`agent` = `t5`.`agent`
) AS `t7`
  ON `t3`.`stream` = `t7`.`stream`
;

-- step unit_days: days
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS `rung`,
      `t4`.`unit`,
      `t4`.`day`,
      `t4`.`requests`,
      `t4`.`bytes`
    FROM (
      SELECT
        `t1`.`client` AS `unit`,
        `t1`.`day`,
        CAST(TRUNC(SUM(CAST(`t1`.`requests` AS FLOAT64))) AS INT64) AS `requests`,
        SUM(`t1`.`bytes`) AS `bytes`
      FROM (
        SELECT
          *
        FROM `days` AS `t0`
        WHERE
          `t0`.`client` >= 0
      ) AS `t1`
      GROUP BY
        1,
        2
    ) AS `t4`
  ) AS `t7`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      1 AS `rung`,
      `t5`.`unit`,
      `t5`.`day`,
      `t5`.`requests`,
      `t5`.`bytes`
    FROM (
      SELECT
        `t2`.`network` AS `unit`,
        `t2`.`day`,
        CAST(TRUNC(SUM(CAST(`t2`.`requests` AS FLOAT64))) AS INT64) AS `requests`,
        SUM(`t2`.`bytes`) AS `bytes`
      FROM (
        SELECT
          *
        FROM `days` AS `t0`
        WHERE
          `t0`.`network` >= 0
      ) AS `t2`
      GROUP BY
        1,
        2
    ) AS `t5`
  ) AS `t8`
) AS `t10`
UNION ALL
SELECT
  *
FROM (
  SELECT
    2 AS `rung`,
    `t6`.`unit`,
    `t6`.`day`,
    `t6`.`requests`,
    `t6`.`bytes`
  FROM (
    SELECT
      `t3`.`consumer` AS `unit`,
      `t3`.`day`,
      CAST(TRUNC(SUM(CAST(`t3`.`requests` AS FLOAT64))) AS INT64) AS `requests`,
      SUM(`t3`.`bytes`) AS `bytes`
    FROM (
      SELECT
        *
      FROM `days` AS `t0`
      WHERE
        `t0`.`consumer` >= 0
    ) AS `t3`
    GROUP BY
      1,
      2
  ) AS `t6`
) AS `t9`
;

-- step units: unit_days
SELECT
  `t0`.`rung`,
  `t0`.`unit`,
  CAST(TRUNC(SUM(CAST(`t0`.`requests` AS FLOAT64))) AS INT64) AS `requests`,
  SUM(`t0`.`bytes`) AS `bytes`
FROM `unit_days` AS `t0`
GROUP BY
  1,
  2
;

-- step ranked: units
SELECT
  `t4`.`rung`,
  `t4`.`requests`,
  `t4`.`bytes`,
  `t4`.`rank_requests`,
  `t4`.`rank_bytes`,
  `t2`.`units`
FROM (
  SELECT
    `t0`.`rung`,
    `t0`.`requests`,
    `t0`.`bytes`,
    (
      ROW_NUMBER() OVER (PARTITION BY `t0`.`rung` ORDER BY `t0`.`requests` ASC) - 1
    ) + 1 AS `rank_requests`,
    (
      ROW_NUMBER() OVER (PARTITION BY `t0`.`rung` ORDER BY `t0`.`bytes` ASC) - 1
    ) + 1 AS `rank_bytes`
  FROM `units` AS `t0`
) AS `t4`
INNER JOIN (
  SELECT
    `t0`.`rung`,
    COUNT(*) AS `units`
  FROM `units` AS `t0`
  GROUP BY
    1
) AS `t2`
  ON `t4`.`rung` = `t2`.`rung`
;

-- step minutes: spells
SELECT
  `t1`.`minute`,
  CAST(TRUNC(SUM(CAST(`t1`.`requests` AS FLOAT64))) AS INT64) AS `requests`
FROM (
  SELECT
    *
  FROM `spells` AS `t0`
  WHERE
    `t0`.`kind` <> 'own'
) AS `t1`
GROUP BY
  1
;

-- step fetched: facts
SELECT
  `t1`.`client`,
  `t1`.`consumer`,
  `t1`.`item`,
  LOGICAL_OR(`t1`.`kind` = 'artifact') AS `artifact`,
  COUNT(*) AS `requests`,
  CAST(TRUNC(SUM(CAST(IF(`t1`.`sent` > 0, `t1`.`sent`, 0) AS FLOAT64))) AS INT64) AS `bytes`,
  GREATEST(MAX(`t1`.`sent`), 0) AS `largest`
FROM (
  SELECT
    *
  FROM `facts` AS `t0`
  WHERE
    `t0`.`kind` <> 'own'
    AND `t0`.`item` >= 0
    AND `t0`.`status` = 200
    AND `t0`.`method` IN ('GET', '')
) AS `t1`
GROUP BY
  1,
  2,
  3
;

-- step taken: fetched
SELECT
  `t1`.`item`,
  CAST(TRUNC(SUM(CAST(`t1`.`requests` AS FLOAT64))) AS INT64) AS `downloads`
FROM (
  SELECT
    *
  FROM `fetched` AS `t0`
  WHERE
    `t0`.`artifact`
) AS `t1`
GROUP BY
  1
;

-- step alone: days
SELECT
  `t6`.`network`
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t1`.`network`,
      MIN(`t1`.`client`) AS `min_client`,
      MAX(`t1`.`client`) AS `max_client`,
      MIN(`t1`.`consumer`) AS `min_consumer`,
      MAX(`t1`.`consumer`) AS `max_consumer`
    FROM (
      SELECT
        *
      FROM `days` AS `t0`
      WHERE
        `t0`.`network` >= 0
    ) AS `t1`
    GROUP BY
      1
  ) AS `t3`
  WHERE
    `t3`.`min_client` >= 0
    AND `t3`.`min_client` = `t3`.`max_client`
    AND `t3`.`min_consumer` >= 0
    AND `t3`.`min_consumer` = `t3`.`max_consumer`
) AS `t6`
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t2`.`consumer`,
          MIN(`t2`.`network`) AS `low`,
          MAX(`t2`.`network`) AS `high`
        FROM (
          SELECT
            *
          FROM `days` AS `t0`
          WHERE
            `t0`.`consumer` >= 0
        ) AS `t2`
        GROUP BY
          1
      ) AS `t4`
      WHERE
        (
          `t4`.`low` < 0
        ) OR (
          `t4`.`low` <> `t4`.`high`
        )
    ) AS `t8`
    WHERE
      `t6`.`min_consumer` = `t8`.`consumer`
  )
;

-- step near: facts parameters
SELECT
  `t9`.*
  EXCEPT (`place`)
FROM (
  SELECT
    `t5`.`client`,
    `t5`.`network`,
    `t5`.`consumer`,
    `t5`.`document`,
    `t5`.`at`,
    `t5`.`sent`,
    `t5`.`place`
  FROM (
    SELECT
      `t0`.`client`,
      `t0`.`network`,
      `t0`.`consumer`,
      `t0`.`document`,
      `t0`.`at`,
      `t0`.`sent`,
      (
        (
          (
            (
              CAST(`t0`.`network` AS INT64) * 2654435761
            ) + `t0`.`document`
          ) & 1073741823
        ) * 4294967296
      ) + CAST(TRUNC(`t0`.`at`) AS INT64) AS `place`
    FROM `facts` AS `t0`
    WHERE
      `t0`.`kind` <> 'own'
      AND `t0`.`document` >= 0
      AND `t0`.`status` IN (200, 304)
      AND `t0`.`method` IN ('GET', '')
      AND `t0`.`network` >= 0
  ) AS `t5`
  WHERE
    EXISTS(
      SELECT
        1
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t4`.`place`,
            `t4`.`place` - LAG(`t4`.`place`, 1, -1099511627776) OVER (ORDER BY `t4`.`place` ASC) AS `before`,
            LEAD(`t4`.`place`, 1, 4611687117939015680) OVER (ORDER BY `t4`.`place` ASC) - `t4`.`place` AS `after`
          FROM (
            SELECT
              (
                (
                  (
                    (
                      CAST(`t0`.`network` AS INT64) * 2654435761
                    ) + `t0`.`document`
                  ) & 1073741823
                ) * 4294967296
              ) + CAST(TRUNC(`t0`.`at`) AS INT64) AS `place`
            FROM `facts` AS `t0`
            WHERE
              `t0`.`kind` <> 'own'
              AND `t0`.`document` >= 0
              AND `t0`.`status` IN (200, 304)
              AND `t0`.`method` IN ('GET', '')
              AND `t0`.`network` >= 0
          ) AS `t4`
        ) AS `t6`
        WHERE
          (
            `t6`.`before` <= (
              (
                SELECT
                  `t1`.`fresh`
                FROM `parameters` AS `t1`
              ) + 1
            )
          )
          OR (
            `t6`.`after` <= (
              (
                SELECT
                  `t1`.`fresh`
                FROM `parameters` AS `t1`
              ) + 1
            )
          )
      ) AS `t8`
      WHERE
        `t5`.`place` = `t8`.`place`
    )
) AS `t9`
;

-- step near_wide: days facts parameters
WITH `t10` AS (
  SELECT
    `t6`.`consumer`,
    `t6`.`document`,
    `t6`.`at`,
    `t6`.`sent`
  FROM (
    SELECT
      *
    FROM `facts` AS `t0`
    WHERE
      `t0`.`kind` <> 'own'
      AND `t0`.`document` >= 0
      AND `t0`.`status` IN (200, 304)
      AND `t0`.`method` IN ('GET', '')
  ) AS `t6`
  WHERE
    EXISTS(
      SELECT
        1
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t5`.`consumer`,
            MIN(`t5`.`network`) AS `low`,
            MAX(`t5`.`network`) AS `high`
          FROM (
            SELECT
              *
            FROM `days` AS `t2`
            WHERE
              `t2`.`consumer` >= 0
          ) AS `t5`
          GROUP BY
            1
        ) AS `t7`
        WHERE
          (
            `t7`.`low` < 0
          ) OR (
            `t7`.`low` <> `t7`.`high`
          )
      ) AS `t9`
      WHERE
        `t6`.`consumer` = `t9`.`consumer`
    )
)
SELECT
  `t18`.*
  EXCEPT (`place`)
FROM (
  SELECT
    `t14`.`consumer`,
    `t14`.`document`,
    `t14`.`at`,
    `t14`.`sent`,
    `t14`.`place`
  FROM (
    SELECT
      `t11`.`consumer`,
      `t11`.`document`,
      `t11`.`at`,
      `t11`.`sent`,
      (
        (
          (
            (
              CAST(`t11`.`consumer` AS INT64) * 2654435761
            ) + `t11`.`document`
          ) & 1073741823
        ) * 4294967296
      ) + CAST(TRUNC(`t11`.`at`) AS INT64) AS `place`
    FROM `t10` AS `t11`
  ) AS `t14`
  WHERE
    EXISTS(
      SELECT
        1
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t13`.`place`,
            `t13`.`place` - LAG(`t13`.`place`, 1, -1099511627776) OVER (ORDER BY `t13`.`place` ASC) AS `before`,
            LEAD(`t13`.`place`, 1, 4611687117939015680) OVER (ORDER BY `t13`.`place` ASC) - `t13`.`place` AS `after`
          FROM (
            SELECT
              (
                (
                  (
                    (
                      CAST(`t11`.`consumer` AS INT64) * 2654435761
                    ) + `t11`.`document`
                  ) & 1073741823
                ) * 4294967296
              ) + CAST(TRUNC(`t11`.`at`) AS INT64) AS `place`
            FROM `t10` AS `t11`
          ) AS `t13`
        ) AS `t15`
        WHERE
          (
            `t15`.`before` <= (
              (
                SELECT
                  `t1`.`fresh`
                FROM `parameters` AS `t1`
              ) + 1
            )
          )
          OR (
            `t15`.`after` <= (
              (
                SELECT
                  `t1`.`fresh`
                FROM `parameters` AS `t1`
              ) + 1
            )
          )
      ) AS `t17`
      WHERE
        `t14`.`place` = `t17`.`place`
    )
) AS `t18`
;

-- step chained: alone near near_wide parameters
SELECT
  `t29`.`rung`,
  `t29`.`pair`,
  `t29`.`chain`,
  `t29`.`at`,
  `t29`.`sent`,
  `t29`.`begins`
FROM (
  SELECT
    `t28`.`at`,
    `t28`.`sent`,
    `t28`.`rung`,
    `t28`.`pair`,
    `t28`.`before`,
    `t28`.`begins`,
    SUM(`t28`.`begins`) OVER (
      PARTITION BY `t28`.`rung`, `t28`.`pair`
      ORDER BY `t28`.`at` ASC, `t28`.`begins` DESC, `t28`.`sent` DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `chain`
  FROM (
    SELECT
      `t27`.`at`,
      `t27`.`sent`,
      `t27`.`rung`,
      `t27`.`pair`,
      `t27`.`before`,
      CAST((
        `t27`.`at` - `t27`.`before`
      ) >= (
        SELECT
          `t0`.`fresh`
        FROM `parameters` AS `t0`
      ) AS INT64) AS `begins`
    FROM (
      SELECT
        `t26`.`at`,
        `t26`.`sent`,
        `t26`.`rung`,
        `t26`.`pair`,
        LAG(`t26`.`at`, 1, -1E+18) OVER (
          PARTITION BY `t26`.`rung`, `t26`.`pair`
          ORDER BY `t26`.`at` ASC, `t26`.`sent` DESC
        ) AS `before`
      FROM (
        SELECT
          *
        FROM (
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                `t15`.`at`,
                `t15`.`sent`,
                'each' AS `rung`,
                (
                  CAST(`t15`.`unit` AS INT64) * 4294967296
                ) + `t15`.`document` AS `pair`
              FROM (
                SELECT
                  `t5`.`document`,
                  `t5`.`at`,
                  `t5`.`sent`,
                  `t5`.`network` AS `unit`
                FROM `near` AS `t5`
                WHERE
                  EXISTS(
                    SELECT
                      1
                    FROM `alone` AS `t6`
                    WHERE
                      `t5`.`network` = `t6`.`network`
                  )
              ) AS `t15`
            ) AS `t20`
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                `t16`.`at`,
                `t16`.`sent`,
                'address' AS `rung`,
                (
                  CAST(`t16`.`unit` AS INT64) * 4294967296
                ) + `t16`.`document` AS `pair`
              FROM (
                SELECT
                  `t12`.`document`,
                  `t12`.`at`,
                  `t12`.`sent`,
                  `t12`.`client` AS `unit`
                FROM (
                  SELECT
                    *
                  FROM `near` AS `t2`
                  WHERE
                    `t2`.`client` >= 0
                ) AS `t12`
                WHERE
                  NOT EXISTS(
                    SELECT
                      1
                    FROM `alone` AS `t6`
                    WHERE
                      `t12`.`network` = `t6`.`network`
                  )
              ) AS `t16`
            ) AS `t21`
          ) AS `t23`
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              `t17`.`at`,
              `t17`.`sent`,
              'network' AS `rung`,
              (
                CAST(`t17`.`unit` AS INT64) * 4294967296
              ) + `t17`.`document` AS `pair`
            FROM (
              SELECT
                `t13`.`document`,
                `t13`.`at`,
                `t13`.`sent`,
                `t13`.`network` AS `unit`
              FROM (
                SELECT
                  *
                FROM `near` AS `t2`
                WHERE
                  `t2`.`network` >= 0
              ) AS `t13`
              WHERE
                NOT EXISTS(
                  SELECT
                    1
                  FROM `alone` AS `t6`
                  WHERE
                    `t13`.`network` = `t6`.`network`
                )
            ) AS `t17`
          ) AS `t22`
        ) AS `t25`
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            `t19`.`at`,
            `t19`.`sent`,
            'consumer' AS `rung`,
            (
              CAST(`t19`.`unit` AS INT64) * 4294967296
            ) + `t19`.`document` AS `pair`
          FROM (
            SELECT
              *
            FROM (
              SELECT
                `t14`.`document`,
                `t14`.`at`,
                `t14`.`sent`,
                `t14`.`consumer` AS `unit`
              FROM (
                SELECT
                  *
                FROM `near` AS `t2`
                WHERE
                  `t2`.`consumer` >= 0
              ) AS `t14`
              WHERE
                NOT EXISTS(
                  SELECT
                    1
                  FROM `alone` AS `t6`
                  WHERE
                    `t14`.`network` = `t6`.`network`
                )
                AND NOT EXISTS(
                  SELECT
                    1
                  FROM `near_wide` AS `t4`
                  WHERE
                    `t14`.`consumer` = `t4`.`consumer`
                )
            ) AS `t18`
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                `t1`.`document`,
                `t1`.`at`,
                `t1`.`sent`,
                `t1`.`consumer` AS `unit`
              FROM `near_wide` AS `t1`
            ) AS `t8`
          ) AS `t19`
        ) AS `t24`
      ) AS `t26`
    ) AS `t27`
  ) AS `t28`
) AS `t29`
;

-- query totals: visits ways
SELECT
  `t6`.`requests`,
  `t6`.`bytes`,
  `t6`.`bytes_unknown`,
  `t6`.`downloads_npm_like`,
  `t6`.`downloads_ruby_like`,
  `t6`.`download_bytes`,
  `t6`.`revalidations`,
  `t6`.`conditional`,
  `t6`.`metadata_requests`,
  `t6`.`errors`,
  `t6`.`cache_hits`,
  `t6`.`cache_asked`,
  `t6`.`cache_hit_bytes`,
  `t6`.`cache_asked_bytes`,
  `t6`.`downloads_rust_like`,
  ieee_divide(
    CAST(`t6`.`revalidations` AS FLOAT64),
    NULLIF(CAST(`t6`.`conditional` AS FLOAT64), 0)
  ) AS `conditional_share`,
  ieee_divide(
    CAST(`t6`.`metadata_requests` AS FLOAT64),
    NULLIF(CAST(`t6`.`downloads_npm_like` AS FLOAT64), 0)
  ) AS `metadata_ratio`,
  ieee_divide(CAST(`t6`.`errors` AS FLOAT64), NULLIF(CAST(`t6`.`requests` AS FLOAT64), 0)) AS `error_share`,
  ieee_divide(CAST(`t6`.`cache_hits` AS FLOAT64), NULLIF(CAST(`t6`.`cache_asked` AS FLOAT64), 0)) AS `hit_ratio`,
  ieee_divide(
    CAST(`t6`.`cache_hit_bytes` AS FLOAT64),
    NULLIF(CAST(`t6`.`cache_asked_bytes` AS FLOAT64), 0)
  ) AS `hit_ratio_bytes`
FROM (
  SELECT
    `t4`.`requests`,
    `t4`.`bytes`,
    `t4`.`bytes_unknown`,
    `t4`.`downloads_npm_like`,
    `t4`.`downloads_ruby_like`,
    `t4`.`download_bytes`,
    `t4`.`revalidations`,
    `t4`.`conditional`,
    `t4`.`metadata_requests`,
    `t4`.`errors`,
    `t4`.`cache_hits`,
    `t4`.`cache_asked`,
    `t4`.`cache_hit_bytes`,
    `t4`.`cache_asked_bytes`,
    `t5`.`downloads_rust_like`
  FROM (
    SELECT
      COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(SUM(CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `bytes`,
      COALESCE(SUM(CAST(`t0`.`unsized` AS NUMERIC)), 0) AS `bytes_unknown`,
      COALESCE(
        SUM(
          IF(
            `t0`.`method` IN ('GET', '')
            AND `t0`.`status` IN (200)
            AND (
              `t0`.`kind` = 'artifact'
            ),
            CAST(`t0`.`requests` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `downloads_npm_like`,
      COALESCE(
        SUM(
          IF(
            `t0`.`method` IN ('GET', '')
            AND `t0`.`status` IN (200, 304)
            AND (
              `t0`.`kind` = 'artifact'
            ),
            CAST(`t0`.`requests` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `downloads_ruby_like`,
      COALESCE(
        SUM(
          IF(
            `t0`.`method` IN ('GET', '')
            AND `t0`.`status` IN (200)
            AND (
              `t0`.`kind` = 'artifact'
            ),
            CAST(`t0`.`bytes` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `download_bytes`,
      COALESCE(SUM(IF(`t0`.`status` = 304, CAST(`t0`.`requests` AS NUMERIC), NULL)), 0) AS `revalidations`,
      COALESCE(SUM(IF(`t0`.`status` IN (200, 304), CAST(`t0`.`requests` AS NUMERIC), NULL)), 0) AS `conditional`,
      COALESCE(
        SUM(
          IF(
            `t0`.`kind` IN ('index', 'listing', 'metadata', 'config', 'derived'),
            CAST(`t0`.`requests` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `metadata_requests`,
      COALESCE(SUM(IF(`t0`.`status` >= 400, CAST(`t0`.`requests` AS NUMERIC), NULL)), 0) AS `errors`,
      COALESCE(
        SUM(
          IF(
            `t0`.`cache` IN ('hit', 'revalidated', 'stale', 'peer'),
            CAST(`t0`.`requests` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `cache_hits`,
      COALESCE(
        SUM(
          IF(
            `t0`.`cache` IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass'),
            CAST(`t0`.`requests` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `cache_asked`,
      COALESCE(
        SUM(
          IF(
            `t0`.`cache` IN ('hit', 'revalidated', 'stale', 'peer'),
            CAST(`t0`.`bytes` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `cache_hit_bytes`,
      COALESCE(
        SUM(
          IF(
            `t0`.`cache` IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass'),
            CAST(`t0`.`bytes` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `cache_asked_bytes`
    FROM `ways` AS `t0`
  ) AS `t4`
  CROSS JOIN (
    SELECT
      COALESCE(
        SUM(
          IF(
            (
              `t1`.`software_kind` = 'installer'
            )
            AND (
              `t1`.`tool_ecosystem` = `t1`.`ecosystem`
            )
            AND (
              `t1`.`ecosystem` <> ''
            ),
            CAST(`t1`.`downloads` AS NUMERIC),
            NULL
          )
        ),
        0
      ) AS `downloads_rust_like`
    FROM `visits` AS `t1`
  ) AS `t5`
) AS `t6`
;

-- query window: facts minutes parameters
SELECT
  `t13`.`since`,
  `t13`.`until`,
  `t13`.`seconds`,
  `t13`.`requests`,
  ieee_divide(CAST(`t13`.`requests` AS FLOAT64), NULLIF(`t13`.`seconds`, 0)) AS `mean`,
  ieee_divide(`t13`.`peak`, 60.0) AS `peak`,
  `t13`.`peak_at`
FROM (
  SELECT
    `t12`.`requests`,
    `t12`.`peak`,
    `t12`.`since`,
    `t12`.`until`,
    IF(
      (
        SELECT
          `t1`.`window`
        FROM `parameters` AS `t1`
      ) > 0,
      (
        SELECT
          `t1`.`window`
        FROM `parameters` AS `t1`
      ),
      CAST((
        CAST(FLOOR(`t12`.`until`) AS INT64) - CAST(FLOOR(`t12`.`since`) AS INT64)
      ) + 1 AS FLOAT64)
    ) AS `seconds`,
    CAST((
      SELECT
        MIN(`t7`.`minute`) AS `Min_minute`
      FROM (
        SELECT
          *
        FROM `minutes` AS `t0`
        WHERE
          `t0`.`requests` = (
            SELECT
              MAX(`t0`.`requests`) AS `Max_requests`
            FROM `minutes` AS `t0`
          )
      ) AS `t7`
    ) AS INT64) * 60 AS `peak_at`
  FROM (
    SELECT
      `t8`.`requests`,
      `t8`.`peak`,
      `t10`.`since`,
      `t10`.`until`
    FROM (
      SELECT
        COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`,
        COALESCE(MAX(`t0`.`requests`), 0) AS `peak`
      FROM `minutes` AS `t0`
    ) AS `t8`
    CROSS JOIN (
      SELECT
        COALESCE(MIN(`t5`.`at`), 0.0) AS `since`,
        COALESCE(MAX(`t5`.`at`), 0.0) AS `until`
      FROM (
        SELECT
          *
        FROM `facts` AS `t2`
        WHERE
          `t2`.`kind` <> 'own'
      ) AS `t5`
    ) AS `t10`
  ) AS `t12`
) AS `t13`
;

-- query distinct: documents items packages visits
SELECT
  `t11`.`addresses`,
  `t11`.`networks`,
  `t11`.`consumers`,
  `t11`.`streams`,
  `t11`.`software`,
  `t11`.`ecosystems`,
  `t7`.`files`,
  `t8`.`documents`,
  `t9`.`packages`
FROM (
  SELECT
    COUNT(DISTINCT IF(`t0`.`client` >= 0, `t0`.`client`, NULL)) AS `addresses`,
    COUNT(DISTINCT IF(`t0`.`network` >= 0, `t0`.`network`, NULL)) AS `networks`,
    COUNT(DISTINCT IF(`t0`.`consumer` >= 0, `t0`.`consumer`, NULL)) AS `consumers`,
    COUNT(DISTINCT IF(`t0`.`stream` >= 0, `t0`.`stream`, NULL)) AS `streams`,
    COUNT(DISTINCT IF(`t0`.`software` <> '', `t0`.`software`, NULL)) AS `software`,
    COUNT(DISTINCT IF(`t0`.`ecosystem` <> '', `t0`.`ecosystem`, NULL)) AS `ecosystems`
  FROM `visits` AS `t0`
) AS `t11`
CROSS JOIN (
  SELECT
    COUNT(*) AS `files`
  FROM `items` AS `t1`
) AS `t7`
CROSS JOIN (
  SELECT
    COUNT(*) AS `documents`
  FROM `documents` AS `t2`
) AS `t8`
CROSS JOIN (
  SELECT
    COUNT(*) AS `packages`
  FROM `packages` AS `t3`
) AS `t9`
;

-- query counter: facts fetched parameters streams
WITH `t15` AS (
  SELECT
    `t14`.`client`,
    `t14`.`item`,
    CAST(FLOOR(ieee_divide(`t14`.`at`, 3600)) AS INT64) AS `hour`,
    MIN(`t14`.`at`) AS `at`,
    COALESCE(SUM(CAST(`t14`.`sent` AS NUMERIC)), 0) AS `bytes`,
    COUNTIF(`t14`.`sent` < 0) AS `unsized`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t9`.`stream`,
        `t9`.`client`,
        `t9`.`item`,
        `t9`.`at`,
        `t9`.`sent`
      FROM (
        SELECT
          `t0`.`stream`,
          `t0`.`client`,
          `t0`.`item`,
          `t0`.`at`,
          `t0`.`sent`
        FROM `facts` AS `t0`
        WHERE
          `t0`.`kind` <> 'own'
          AND `t0`.`kind` = 'artifact'
          AND `t0`.`status` IN (206)
          AND `t0`.`method` IN ('GET', '')
      ) AS `t9`
      WHERE
        NOT EXISTS(
          SELECT
            1
          FROM (
            SELECT
              *
            FROM `streams` AS `t2`
            WHERE
              `t2`.`software_kind` IN ('mirror', 'update-bot', 'scanner', 'search', 'ai-training', 'monitor', 'preview')
              OR `t2`.`purpose` IN (
                'mirror',
                'update-bot',
                'sca-scanner',
                'research',
                'search',
                'ai-training',
                'monitor',
                'abuse'
              )
          ) AS `t11`
          WHERE
            `t9`.`stream` = `t11`.`stream`
        )
    ) AS `t13`
    WHERE
      `t13`.`item` >= 0
  ) AS `t14`
  GROUP BY
    1,
    2,
    3
)
SELECT
  COUNT(*) - COUNTIF(
    (
      `t26`.`pair` >= 0
    )
    AND (
      `t26`.`pair` = `t26`.`last`
    )
    AND (
      (
        `t26`.`at` - `t26`.`before`
      ) <= (
        SELECT
          `t1`.`collapse`
        FROM `parameters` AS `t1`
      )
    )
  ) AS `downloads`
FROM (
  SELECT
    `t25`.`at`,
    `t25`.`pair`,
    LAG(`t25`.`at`, 1, -1E+18) OVER (ORDER BY `t25`.`pair` ASC, `t25`.`at` ASC) AS `before`,
    LAG(`t25`.`pair`, 1, -1) OVER (ORDER BY `t25`.`pair` ASC, `t25`.`at` ASC) AS `last`
  FROM (
    SELECT
      `t24`.`at`,
      IF(
        (
          `t24`.`client` >= 0
        ) AND (
          `t24`.`item` >= 0
        ),
        (
          CAST(`t24`.`client` AS INT64) * 4294967296
        ) + `t24`.`item`,
        -1
      ) AS `pair`
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t8`.`client`,
          `t8`.`item`,
          `t8`.`at`
        FROM (
          SELECT
            `t0`.`stream`,
            `t0`.`client`,
            `t0`.`item`,
            `t0`.`at`,
            `t0`.`sent`
          FROM `facts` AS `t0`
          WHERE
            `t0`.`kind` <> 'own'
            AND `t0`.`kind` = 'artifact'
            AND `t0`.`status` IN (200, 304)
            AND `t0`.`method` IN ('GET', '')
        ) AS `t8`
        WHERE
          NOT EXISTS(
            SELECT
              1
            FROM (
              SELECT
                *
              FROM `streams` AS `t2`
              WHERE
                `t2`.`software_kind` IN ('mirror', 'update-bot', 'scanner', 'search', 'ai-training', 'monitor', 'preview')
                OR `t2`.`purpose` IN (
                  'mirror',
                  'update-bot',
                  'sca-scanner',
                  'research',
                  'search',
                  'ai-training',
                  'monitor',
                  'abuse'
                )
            ) AS `t11`
            WHERE
              `t8`.`stream` = `t11`.`stream`
          )
      ) AS `t12`
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          `t22`.`client`,
          `t22`.`item`,
          `t22`.`at`
        FROM (
          SELECT
            `t17`.`client`,
            `t17`.`at`,
            `t17`.`item`,
            `t17`.`bytes`,
            `t17`.`unsized`,
            COALESCE(`t21`.`size`, 0) AS `size`
          FROM `t15` AS `t17`
          LEFT OUTER JOIN (
            SELECT
              `t19`.`item`,
              MAX(`t19`.`largest`) AS `size`
            FROM (
              SELECT
                `t4`.`client`,
                `t4`.`consumer`,
                `t4`.`item`,
                `t4`.`artifact`,
                `t4`.`requests`,
                `t4`.`bytes`,
                `t4`.`largest`
              FROM `fetched` AS `t4`
              WHERE
                EXISTS(
                  SELECT
                    1
                  FROM `t15` AS `t18`
                  WHERE
                    `t4`.`item` = `t18`.`item`
                )
            ) AS `t19`
            GROUP BY
              1
          ) AS `t21`
            ON `t17`.`item` = `t21`.`item`
        ) AS `t22`
        WHERE
          (
            `t22`.`unsized` > 0
          ) OR (
            `t22`.`bytes` >= `t22`.`size`
          )
      ) AS `t23`
    ) AS `t24`
  ) AS `t25`
) AS `t26`
;

-- query concentration: parameters ranked
WITH `t3` AS (
  SELECT
    `t0`.`rung`,
    MAX(`t0`.`units`) AS `units`,
    COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `total_requests`,
    COALESCE(
      SUM(
        IF(
          `t0`.`rank_requests` > (
            `t0`.`units` - CAST(FLOOR(
              ieee_divide(
                (
                  `t0`.`units` * (
                    SELECT
                      `t1`.`top_millionths`
                    FROM `parameters` AS `t1`
                  )
                ) + 999999,
                1000000
              )
            ) AS INT64)
          ),
          CAST(`t0`.`requests` AS NUMERIC),
          NULL
        )
      ),
      0
    ) AS `top_requests`,
    COALESCE(SUM(CAST(`t0`.`rank_requests` AS NUMERIC) * CAST(`t0`.`requests` AS NUMERIC)), 0) AS `moment_requests`,
    COALESCE(SUM(CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `total_bytes`,
    COALESCE(
      SUM(
        IF(
          `t0`.`rank_bytes` > (
            `t0`.`units` - CAST(FLOOR(
              ieee_divide(
                (
                  `t0`.`units` * (
                    SELECT
                      `t1`.`top_millionths`
                    FROM `parameters` AS `t1`
                  )
                ) + 999999,
                1000000
              )
            ) AS INT64)
          ),
          CAST(`t0`.`bytes` AS NUMERIC),
          NULL
        )
      ),
      0
    ) AS `top_bytes`,
    COALESCE(SUM(CAST(`t0`.`rank_bytes` AS NUMERIC) * CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `moment_bytes`
  FROM `ranked` AS `t0`
  GROUP BY
    1
)
SELECT
  *
FROM (
  SELECT
    CASE
      WHEN `t7`.`rung` = 0
      THEN 'address'
      WHEN `t7`.`rung` = 1
      THEN 'network'
      WHEN `t7`.`rung` = 2
      THEN 'consumer'
      ELSE ''
    END AS `rung`,
    `t7`.`weight`,
    `t7`.`units`,
    `t7`.`total`,
    `t7`.`top`,
    CAST(FLOOR(
      ieee_divide(
        (
          `t7`.`units` * (
            SELECT
              `t1`.`top_millionths`
            FROM `parameters` AS `t1`
          )
        ) + 999999,
        1000000
      )
    ) AS INT64) AS `top_units`,
    ieee_divide(CAST(`t7`.`top` AS FLOAT64), NULLIF(CAST(`t7`.`total` AS FLOAT64), 0)) AS `share`,
    ieee_divide(
      CAST(`t7`.`moment` AS FLOAT64) * 2.0,
      NULLIF(CAST(`t7`.`units` AS FLOAT64) * CAST(`t7`.`total` AS FLOAT64), 0)
    ) - ieee_divide(CAST(`t7`.`units` AS FLOAT64) + 1.0, CAST(`t7`.`units` AS FLOAT64)) AS `gini`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t4`.`rung`,
        'requests' AS `weight`,
        `t4`.`units`,
        `t4`.`total_requests` AS `total`,
        `t4`.`top_requests` AS `top`,
        `t4`.`moment_requests` AS `moment`
      FROM `t3` AS `t4`
    ) AS `t5`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t4`.`rung`,
        'bytes' AS `weight`,
        `t4`.`units`,
        `t4`.`total_bytes` AS `total`,
        `t4`.`top_bytes` AS `top`,
        `t4`.`moment_bytes` AS `moment`
      FROM `t3` AS `t4`
    ) AS `t6`
  ) AS `t7`
) AS `t8`
ORDER BY
  `t8`.`rung` ASC NULLS LAST,
  `t8`.`weight` ASC NULLS LAST
;

-- query daily: parameters unit_days
WITH `t6` AS (
  SELECT
    `t5`.`rung`,
    `t5`.`day`,
    `t5`.`weight`,
    `t5`.`value`,
    CAST(CAST(FLOOR(LOG(CAST(`t5`.`value` AS FLOAT64) + 1.0, 2)) AS INT64) AS INT64) AS `magnitude`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t0`.`rung`,
        `t0`.`day`,
        0 AS `weight`,
        `t0`.`requests` AS `value`
      FROM `unit_days` AS `t0`
    ) AS `t2`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t0`.`rung`,
        `t0`.`day`,
        1 AS `weight`,
        `t0`.`bytes` AS `value`
      FROM `unit_days` AS `t0`
    ) AS `t3`
  ) AS `t5`
)
SELECT
  *
FROM (
  SELECT
    CASE
      WHEN `t16`.`rung` = 0
      THEN 'address'
      WHEN `t16`.`rung` = 1
      THEN 'network'
      WHEN `t16`.`rung` = 2
      THEN 'consumer'
      ELSE ''
    END AS `rung`,
    `t16`.`day`,
    CASE
      WHEN `t16`.`weight` = 0
      THEN 'requests'
      WHEN `t16`.`weight` = 1
      THEN 'bytes'
      ELSE ''
    END AS `weight`,
    `t16`.`units`,
    `t16`.`top_units`,
    ieee_divide(
      CAST(`t16`.`above` + `t16`.`rest` AS FLOAT64),
      NULLIF(CAST(`t16`.`total` AS FLOAT64), 0)
    ) AS `share`
  FROM (
    SELECT
      `t15`.`rung`,
      `t15`.`weight`,
      `t15`.`day`,
      MAX(`t15`.`units`) AS `units`,
      MAX(`t15`.`top_units`) AS `top_units`,
      MAX(`t15`.`total`) AS `total`,
      MAX(`t15`.`above`) AS `above`,
      COALESCE(SUM(IF(`t15`.`place` < `t15`.`left`, CAST(`t15`.`value` AS NUMERIC), NULL)), 0) AS `rest`
    FROM (
      SELECT
        `t14`.`rung`,
        `t14`.`weight`,
        `t14`.`day`,
        `t14`.`units`,
        `t14`.`top_units`,
        `t14`.`total`,
        `t14`.`value`,
        `t14`.`left`,
        `t14`.`above`,
        ROW_NUMBER() OVER (
          PARTITION BY `t14`.`rung`, `t14`.`weight`, `t14`.`day`
          ORDER BY `t14`.`value` DESC
        ) - 1 AS `place`
      FROM (
        SELECT
          `t8`.`rung`,
          `t8`.`weight`,
          `t8`.`day`,
          `t13`.`units`,
          `t13`.`top_units`,
          `t13`.`total`,
          `t8`.`value`,
          (
            `t13`.`top_units` - `t13`.`upto`
          ) + `t13`.`n` AS `left`,
          `t13`.`sum_upto` - `t13`.`sum` AS `above`
        FROM `t6` AS `t8`
        INNER JOIN (
          SELECT
            *
          FROM (
            SELECT
              `t10`.`rung`,
              `t10`.`weight`,
              `t10`.`day`,
              `t10`.`magnitude`,
              `t10`.`n`,
              `t10`.`sum`,
              `t10`.`units`,
              `t10`.`total`,
              `t10`.`upto`,
              `t10`.`sum_upto`,
              CAST(FLOOR(
                ieee_divide(
                  (
                    `t10`.`units` * (
                      SELECT
                        `t1`.`top_millionths`
                      FROM `parameters` AS `t1`
                    )
                  ) + 999999,
                  1000000
                )
              ) AS INT64) AS `top_units`
            FROM (
              SELECT
                `t9`.`rung`,
                `t9`.`weight`,
                `t9`.`day`,
                `t9`.`magnitude`,
                `t9`.`n`,
                `t9`.`sum`,
                SUM(`t9`.`n`) OVER (
                  PARTITION BY `t9`.`rung`, `t9`.`weight`, `t9`.`day`
                  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                ) AS `units`,
                SUM(`t9`.`sum`) OVER (
                  PARTITION BY `t9`.`rung`, `t9`.`weight`, `t9`.`day`
                  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                ) AS `total`,
                SUM(`t9`.`n`) OVER (
                  PARTITION BY `t9`.`rung`, `t9`.`weight`, `t9`.`day`
                  ORDER BY `t9`.`magnitude` DESC
                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS `upto`,
                SUM(`t9`.`sum`) OVER (
                  PARTITION BY `t9`.`rung`, `t9`.`weight`, `t9`.`day`
                  ORDER BY `t9`.`magnitude` DESC
                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS `sum_upto`
              FROM (
                SELECT
                  `t7`.`rung`,
                  `t7`.`weight`,
                  `t7`.`day`,
                  `t7`.`magnitude`,
                  COUNT(*) AS `n`,
                  COALESCE(SUM(CAST(`t7`.`value` AS NUMERIC)), 0) AS `sum`
                FROM `t6` AS `t7`
                GROUP BY
                  1,
                  2,
                  3,
                  4
              ) AS `t9`
            ) AS `t10`
          ) AS `t11`
          WHERE
            `t11`.`upto` >= `t11`.`top_units`
            AND (
              `t11`.`upto` - `t11`.`n`
            ) < `t11`.`top_units`
        ) AS `t13`
          ON `t8`.`rung` = `t13`.`rung`
          AND `t8`.`weight` = `t13`.`weight`
          AND `t8`.`day` = `t13`.`day`
          AND `t8`.`magnitude` = `t13`.`magnitude`
      ) AS `t14`
    ) AS `t15`
    GROUP BY
      1,
      2,
      3
  ) AS `t16`
) AS `t17`
ORDER BY
  `t17`.`rung` ASC NULLS LAST,
  `t17`.`weight` ASC NULLS LAST,
  `t17`.`day` ASC NULLS LAST
;

-- query lorenz: ranked
SELECT
  *
FROM (
  SELECT
    CASE
      WHEN `t5`.`rung` = 0
      THEN 'address'
      WHEN `t5`.`rung` = 1
      THEN 'network'
      WHEN `t5`.`rung` = 2
      THEN 'consumer'
      ELSE ''
    END AS `rung`,
    `t5`.`weight`,
    `t5`.`percent`,
    `t5`.`value`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t1`.`rung`,
        'requests' AS `weight`,
        `t1`.`percent`,
        `t1`.`value`
      FROM (
        SELECT
          `t0`.`rung`,
          CAST(FLOOR(
            ieee_divide((
              (
                `t0`.`rank_requests` * 100
              ) + `t0`.`units`
            ) - 1, `t0`.`units`)
          ) AS INT64) AS `percent`,
          COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `value`
        FROM `ranked` AS `t0`
        GROUP BY
          1,
          2
      ) AS `t1`
    ) AS `t3`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t2`.`rung`,
        'bytes' AS `weight`,
        `t2`.`percent`,
        `t2`.`value`
      FROM (
        SELECT
          `t0`.`rung`,
          CAST(FLOOR(
            ieee_divide((
              (
                `t0`.`rank_bytes` * 100
              ) + `t0`.`units`
            ) - 1, `t0`.`units`)
          ) AS INT64) AS `percent`,
          COALESCE(SUM(CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `value`
        FROM `ranked` AS `t0`
        GROUP BY
          1,
          2
      ) AS `t2`
    ) AS `t4`
  ) AS `t5`
) AS `t6`
ORDER BY
  `t6`.`rung` ASC NULLS LAST,
  `t6`.`weight` ASC NULLS LAST,
  `t6`.`percent` ASC NULLS LAST
;

-- query providers: clients days
SELECT
  `t8`.`value`,
  `t8`.`addresses`,
  `t8`.`requests`,
  `t8`.`downloads`,
  `t8`.`bytes`,
  `t8`.`addresses_share`,
  `t8`.`requests_share`,
  `t8`.`downloads_share`,
  `t8`.`bytes_share`,
  ieee_divide(`t8`.`downloads_share`, NULLIF(`t8`.`addresses_share`, 0)) AS `amplification`
FROM (
  SELECT
    `t7`.`value`,
    `t7`.`addresses`,
    `t7`.`requests`,
    `t7`.`downloads`,
    `t7`.`bytes`,
    ieee_divide(
      CAST(`t7`.`addresses` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`addresses`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `addresses_share`,
    ieee_divide(
      CAST(`t7`.`requests` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`requests`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `requests_share`,
    ieee_divide(
      CAST(`t7`.`downloads` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`downloads`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `downloads_share`,
    ieee_divide(
      CAST(`t7`.`bytes` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`bytes`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `bytes_share`
  FROM (
    SELECT
      `t6`.`value`,
      COUNT(*) AS `addresses`,
      COALESCE(SUM(CAST(`t6`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(SUM(CAST(`t6`.`downloads` AS NUMERIC)), 0) AS `downloads`,
      COALESCE(SUM(CAST(`t6`.`bytes` AS NUMERIC)), 0) AS `bytes`
    FROM (
      SELECT
        `t5`.`client`,
        `t5`.`requests`,
        `t5`.`downloads`,
        `t5`.`bytes`,
        COALESCE(`t2`.`provider`, '') AS `value`
      FROM (
        SELECT
          `t3`.`client`,
          SUM(`t3`.`requests`) AS `requests`,
          SUM(`t3`.`downloads`) AS `downloads`,
          SUM(`t3`.`bytes`) AS `bytes`
        FROM (
          SELECT
            *
          FROM `days` AS `t1`
          WHERE
            `t1`.`client` >= 0
        ) AS `t3`
        GROUP BY
          1
      ) AS `t5`
      LEFT OUTER JOIN `clients` AS `t2`
        ON `t5`.`client` = `t2`.`client`
    ) AS `t6`
    GROUP BY
      1
  ) AS `t7`
) AS `t8`
ORDER BY
  `t8`.`requests` DESC,
  `t8`.`value` ASC NULLS LAST
;

-- query origins: clients days
SELECT
  `t8`.`value`,
  `t8`.`addresses`,
  `t8`.`requests`,
  `t8`.`downloads`,
  `t8`.`bytes`,
  `t8`.`addresses_share`,
  `t8`.`requests_share`,
  `t8`.`downloads_share`,
  `t8`.`bytes_share`,
  ieee_divide(`t8`.`downloads_share`, NULLIF(`t8`.`addresses_share`, 0)) AS `amplification`
FROM (
  SELECT
    `t7`.`value`,
    `t7`.`addresses`,
    `t7`.`requests`,
    `t7`.`downloads`,
    `t7`.`bytes`,
    ieee_divide(
      CAST(`t7`.`addresses` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`addresses`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `addresses_share`,
    ieee_divide(
      CAST(`t7`.`requests` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`requests`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `requests_share`,
    ieee_divide(
      CAST(`t7`.`downloads` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`downloads`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `downloads_share`,
    ieee_divide(
      CAST(`t7`.`bytes` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t7`.`bytes`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `bytes_share`
  FROM (
    SELECT
      `t6`.`value`,
      COUNT(*) AS `addresses`,
      COALESCE(SUM(CAST(`t6`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(SUM(CAST(`t6`.`downloads` AS NUMERIC)), 0) AS `downloads`,
      COALESCE(SUM(CAST(`t6`.`bytes` AS NUMERIC)), 0) AS `bytes`
    FROM (
      SELECT
        `t5`.`client`,
        `t5`.`requests`,
        `t5`.`downloads`,
        `t5`.`bytes`,
        COALESCE(`t2`.`origin`, '') AS `value`
      FROM (
        SELECT
          `t3`.`client`,
          SUM(`t3`.`requests`) AS `requests`,
          SUM(`t3`.`downloads`) AS `downloads`,
          SUM(`t3`.`bytes`) AS `bytes`
        FROM (
          SELECT
            *
          FROM `days` AS `t1`
          WHERE
            `t1`.`client` >= 0
        ) AS `t3`
        GROUP BY
          1
      ) AS `t5`
      LEFT OUTER JOIN `clients` AS `t2`
        ON `t5`.`client` = `t2`.`client`
    ) AS `t6`
    GROUP BY
      1
  ) AS `t7`
) AS `t8`
ORDER BY
  `t8`.`requests` DESC,
  `t8`.`value` ASC NULLS LAST
;

-- query files: days facts fetched
SELECT
  `t54`.`rung`,
  `t54`.`downloads`,
  `t54`.`download_pairs`,
  `t54`.`requests`,
  `t54`.`bytes`,
  `t54`.`unsized`,
  ieee_divide(
    CAST(`t54`.`downloads` AS FLOAT64),
    NULLIF(CAST(`t54`.`download_pairs` AS FLOAT64), 0)
  ) AS `repeat_factor`
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS `rung`,
        `t46`.`downloads`,
        `t46`.`download_pairs`,
        `t46`.`requests`,
        `t46`.`bytes`,
        `t46`.`unsized`
      FROM (
        SELECT
          `t21`.`downloads`,
          `t21`.`artifacts` - `t43`.`less_downloads` AS `download_pairs`,
          `t21`.`fetched` - (
            `t21`.`rows` - `t43`.`less_pairs`
          ) AS `requests`,
          `t21`.`sent` - (
            `t21`.`kept` - `t43`.`less_kept`
          ) AS `bytes`,
          `t17`.`unsized`
        FROM (
          SELECT
            COUNT(*) AS `rows`,
            COUNTIF(`t5`.`artifact`) AS `artifacts`,
            COALESCE(SUM(`t5`.`requests`), 0) AS `fetched`,
            COALESCE(SUM(IF(`t5`.`artifact`, `t5`.`requests`, NULL)), 0) AS `downloads`,
            COALESCE(SUM(`t5`.`bytes`), 0) AS `sent`,
            COALESCE(SUM(`t5`.`largest`), 0) AS `kept`
          FROM (
            SELECT
              *
            FROM `fetched` AS `t0`
            WHERE
              `t0`.`client` >= 0
          ) AS `t5`
        ) AS `t21`
        CROSS JOIN (
          SELECT
            COALESCE(SUM(`t38`.`rows` - 1), 0) AS `less_pairs`,
            COALESCE(SUM(IF(`t38`.`artifact`, `t38`.`rows` - 1, NULL)), 0) AS `less_downloads`,
            COALESCE(SUM(`t38`.`sum` - `t38`.`largest`), 0) AS `less_kept`
          FROM (
            SELECT
              `t35`.`pair`,
              COUNT(*) AS `rows`,
              LOGICAL_OR(`t35`.`artifact`) AS `artifact`,
              CAST(TRUNC(SUM(CAST(`t35`.`largest` AS FLOAT64))) AS INT64) AS `sum`,
              MAX(`t35`.`largest`) AS `largest`
            FROM (
              SELECT
                `t30`.`artifact`,
                `t30`.`largest`,
                (
                  CAST(`t30`.`unit` AS INT64) * 4294967296
                ) + `t30`.`item` AS `pair`
              FROM (
                SELECT
                  `t3`.`artifact`,
                  `t3`.`largest`,
                  `t3`.`item`,
                  `t3`.`client` AS `unit`
                FROM `fetched` AS `t3`
                WHERE
                  EXISTS(
                    SELECT
                      1
                    FROM (
                      SELECT
                        `t11`.`unit`
                      FROM (
                        SELECT
                          `t2`.`client` AS `unit`,
                          MAX(`t2`.`client`) - MIN(`t2`.`client`) AS `clients`,
                          MAX(`t2`.`consumer`) - MIN(`t2`.`consumer`) AS `consumers`
                        FROM `days` AS `t2`
                        GROUP BY
                          1
                      ) AS `t11`
                      WHERE
                        `t11`.`unit` >= 0
                        AND (
                          (
                            `t11`.`clients` > 0
                          ) OR (
                            `t11`.`consumers` > 0
                          )
                        )
                    ) AS `t27`
                    WHERE
                      `t3`.`client` = `t27`.`unit`
                  )
              ) AS `t30`
            ) AS `t35`
            GROUP BY
              1
          ) AS `t38`
        ) AS `t43`
        CROSS JOIN (
          SELECT
            COUNT(*) AS `unsized`
          FROM (
            SELECT
              *
            FROM `facts` AS `t1`
            WHERE
              `t1`.`kind` <> 'own'
              AND `t1`.`item` >= 0
              AND `t1`.`status` = 200
              AND `t1`.`method` IN ('GET', '')
              AND `t1`.`sent` < 0
              AND `t1`.`client` >= 0
          ) AS `t8`
        ) AS `t17`
      ) AS `t46`
    ) AS `t48`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        'network' AS `rung`,
        `t51`.`downloads`,
        `t51`.`download_pairs`,
        `t51`.`requests`,
        `t51`.`bytes`,
        `t51`.`unsized`
      FROM (
        SELECT
          `t21`.`downloads`,
          `t21`.`artifacts` - `t50`.`less_downloads` AS `download_pairs`,
          `t21`.`fetched` - (
            `t21`.`rows` - `t50`.`less_pairs`
          ) AS `requests`,
          `t21`.`sent` - (
            `t21`.`kept` - `t50`.`less_kept`
          ) AS `bytes`,
          `t18`.`unsized`
        FROM (
          SELECT
            COUNT(*) AS `rows`,
            COUNTIF(`t5`.`artifact`) AS `artifacts`,
            COALESCE(SUM(`t5`.`requests`), 0) AS `fetched`,
            COALESCE(SUM(IF(`t5`.`artifact`, `t5`.`requests`, NULL)), 0) AS `downloads`,
            COALESCE(SUM(`t5`.`bytes`), 0) AS `sent`,
            COALESCE(SUM(`t5`.`largest`), 0) AS `kept`
          FROM (
            SELECT
              *
            FROM `fetched` AS `t0`
            WHERE
              `t0`.`client` >= 0
          ) AS `t5`
        ) AS `t21`
        CROSS JOIN (
          SELECT
            COALESCE(SUM(`t44`.`rows` - 1), 0) AS `less_pairs`,
            COALESCE(SUM(IF(`t44`.`artifact`, `t44`.`rows` - 1, NULL)), 0) AS `less_downloads`,
            COALESCE(SUM(`t44`.`sum` - `t44`.`largest`), 0) AS `less_kept`
          FROM (
            SELECT
              `t39`.`pair`,
              COUNT(*) AS `rows`,
              LOGICAL_OR(`t39`.`artifact`) AS `artifact`,
              CAST(TRUNC(SUM(CAST(`t39`.`largest` AS FLOAT64))) AS INT64) AS `sum`,
              MAX(`t39`.`largest`) AS `largest`
            FROM (
              SELECT
                `t36`.`artifact`,
                `t36`.`largest`,
                (
                  CAST(`t36`.`unit` AS INT64) * 4294967296
                ) + `t36`.`item` AS `pair`
              FROM (
                SELECT
                  `t3`.`artifact`,
                  `t3`.`largest`,
                  `t3`.`item`,
                  `t33`.`unit`
                FROM `fetched` AS `t3`
                INNER JOIN (
                  SELECT
                    `t31`.`client`,
                    MAX(`t31`.`network`) AS `unit`
                  FROM (
                    SELECT
                      `t4`.`day`,
                      `t4`.`stream`,
                      `t4`.`client`,
                      `t4`.`network`,
                      `t4`.`consumer`,
                      `t4`.`ecosystem`,
                      `t4`.`requests`,
                      `t4`.`downloads`,
                      `t4`.`bytes`
                    FROM `days` AS `t4`
                    WHERE
                      EXISTS(
                        SELECT
                          1
                        FROM (
                          SELECT
                            `t12`.`unit`
                          FROM (
                            SELECT
                              `t2`.`network` AS `unit`,
                              MAX(`t2`.`client`) - MIN(`t2`.`client`) AS `clients`,
                              MAX(`t2`.`consumer`) - MIN(`t2`.`consumer`) AS `consumers`
                            FROM `days` AS `t2`
                            GROUP BY
                              1
                          ) AS `t12`
                          WHERE
                            `t12`.`unit` >= 0
                            AND (
                              (
                                `t12`.`clients` > 0
                              ) OR (
                                `t12`.`consumers` > 0
                              )
                            )
                        ) AS `t28`
                        WHERE
                          `t4`.`network` = `t28`.`unit`
                      )
                  ) AS `t31`
                  GROUP BY
                    1
                ) AS `t33`
                  ON `t3`.`client` = `t33`.`client`
              ) AS `t36`
            ) AS `t39`
            GROUP BY
              1
          ) AS `t44`
        ) AS `t50`
        CROSS JOIN (
          SELECT
            COUNT(*) AS `unsized`
          FROM (
            SELECT
              *
            FROM `facts` AS `t1`
            WHERE
              `t1`.`kind` <> 'own'
              AND `t1`.`item` >= 0
              AND `t1`.`status` = 200
              AND `t1`.`method` IN ('GET', '')
              AND `t1`.`sent` < 0
              AND `t1`.`network` >= 0
          ) AS `t9`
        ) AS `t18`
      ) AS `t51`
    ) AS `t52`
  ) AS `t53`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'consumer' AS `rung`,
      `t45`.`downloads`,
      `t45`.`download_pairs`,
      `t45`.`requests`,
      `t45`.`bytes`,
      `t45`.`unsized`
    FROM (
      SELECT
        `t22`.`downloads`,
        `t22`.`artifacts` - `t42`.`less_downloads` AS `download_pairs`,
        `t22`.`fetched` - (
          `t22`.`rows` - `t42`.`less_pairs`
        ) AS `requests`,
        `t22`.`sent` - (
          `t22`.`kept` - `t42`.`less_kept`
        ) AS `bytes`,
        `t16`.`unsized`
      FROM (
        SELECT
          COUNT(*) AS `rows`,
          COUNTIF(`t6`.`artifact`) AS `artifacts`,
          COALESCE(SUM(`t6`.`requests`), 0) AS `fetched`,
          COALESCE(SUM(IF(`t6`.`artifact`, `t6`.`requests`, NULL)), 0) AS `downloads`,
          COALESCE(SUM(`t6`.`bytes`), 0) AS `sent`,
          COALESCE(SUM(`t6`.`largest`), 0) AS `kept`
        FROM (
          SELECT
            *
          FROM `fetched` AS `t0`
          WHERE
            `t0`.`consumer` >= 0
        ) AS `t6`
      ) AS `t22`
      CROSS JOIN (
        SELECT
          COALESCE(SUM(`t37`.`rows` - 1), 0) AS `less_pairs`,
          COALESCE(SUM(IF(`t37`.`artifact`, `t37`.`rows` - 1, NULL)), 0) AS `less_downloads`,
          COALESCE(SUM(`t37`.`sum` - `t37`.`largest`), 0) AS `less_kept`
        FROM (
          SELECT
            `t34`.`pair`,
            COUNT(*) AS `rows`,
            LOGICAL_OR(`t34`.`artifact`) AS `artifact`,
            CAST(TRUNC(SUM(CAST(`t34`.`largest` AS FLOAT64))) AS INT64) AS `sum`,
            MAX(`t34`.`largest`) AS `largest`
          FROM (
            SELECT
              `t29`.`artifact`,
              `t29`.`largest`,
              (
                CAST(`t29`.`unit` AS INT64) * 4294967296
              ) + `t29`.`item` AS `pair`
            FROM (
              SELECT
                `t3`.`artifact`,
                `t3`.`largest`,
                `t3`.`item`,
                `t3`.`consumer` AS `unit`
              FROM `fetched` AS `t3`
              WHERE
                EXISTS(
                  SELECT
                    1
                  FROM (
                    SELECT
                      `t10`.`unit`
                    FROM (
                      SELECT
                        `t2`.`consumer` AS `unit`,
                        MAX(`t2`.`client`) - MIN(`t2`.`client`) AS `clients`,
                        MAX(`t2`.`consumer`) - MIN(`t2`.`consumer`) AS `consumers`
                      FROM `days` AS `t2`
                      GROUP BY
                        1
                    ) AS `t10`
                    WHERE
                      `t10`.`unit` >= 0
                      AND (
                        (
                          `t10`.`clients` > 0
                        ) OR (
                          `t10`.`consumers` > 0
                        )
                      )
                  ) AS `t26`
                  WHERE
                    `t3`.`consumer` = `t26`.`unit`
                )
            ) AS `t29`
          ) AS `t34`
          GROUP BY
            1
        ) AS `t37`
      ) AS `t42`
      CROSS JOIN (
        SELECT
          COUNT(*) AS `unsized`
        FROM (
          SELECT
            *
          FROM `facts` AS `t1`
          WHERE
            `t1`.`kind` <> 'own'
            AND `t1`.`item` >= 0
            AND `t1`.`status` = 200
            AND `t1`.`method` IN ('GET', '')
            AND `t1`.`sent` < 0
            AND `t1`.`consumer` >= 0
        ) AS `t7`
      ) AS `t16`
    ) AS `t45`
  ) AS `t47`
) AS `t54`
ORDER BY
  `t54`.`rung` ASC NULLS LAST
;

-- query short: chained parameters
SELECT
  *
FROM (
  SELECT
    `t4`.`rung`,
    SUM(`t4`.`requests` - 1) AS `requests`,
    SUM(`t4`.`bytes`) AS `bytes`,
    SUM(`t4`.`unsized`) AS `unsized`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t0`.`rung`,
        `t0`.`pair`,
        `t0`.`chain`,
        COUNT(*) AS `requests`,
        COALESCE(SUM(IF(`t0`.`begins` = 0, GREATEST(`t0`.`sent`, 0), NULL)), 0) AS `bytes`,
        COUNTIF((
          `t0`.`begins` = 0
        ) AND (
          `t0`.`sent` < 0
        )) AS `unsized`,
        MAX(`t0`.`at`) - MIN(`t0`.`at`) AS `span`
      FROM `chained` AS `t0`
      GROUP BY
        1,
        2,
        3
    ) AS `t3`
    WHERE
      `t3`.`span` < (
        SELECT
          `t1`.`fresh`
        FROM `parameters` AS `t1`
      )
  ) AS `t4`
  GROUP BY
    1
) AS `t5`
ORDER BY
  `t5`.`rung` ASC NULLS LAST
;

-- query long: chained parameters
SELECT
  *
FROM (
  SELECT
    `t2`.`rung`,
    `t2`.`pair`,
    `t2`.`chain`,
    `t2`.`at`,
    `t2`.`sent`
  FROM `chained` AS `t2`
  WHERE
    EXISTS(
      SELECT
        1
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t0`.`rung`,
            `t0`.`pair`,
            `t0`.`chain`,
            COUNT(*) AS `requests`,
            COALESCE(SUM(IF(`t0`.`begins` = 0, GREATEST(`t0`.`sent`, 0), NULL)), 0) AS `bytes`,
            COUNTIF((
              `t0`.`begins` = 0
            ) AND (
              `t0`.`sent` < 0
            )) AS `unsized`,
            MAX(`t0`.`at`) - MIN(`t0`.`at`) AS `span`
          FROM `chained` AS `t0`
          GROUP BY
            1,
            2,
            3
        ) AS `t4`
        WHERE
          `t4`.`span` >= (
            SELECT
              `t1`.`fresh`
            FROM `parameters` AS `t1`
          )
      ) AS `t6`
      WHERE
        `t2`.`rung` = `t6`.`rung`
        AND `t2`.`pair` = `t6`.`pair`
        AND `t2`.`chain` = `t6`.`chain`
    )
) AS `t7`
ORDER BY
  `t7`.`rung` ASC NULLS LAST,
  `t7`.`pair` ASC NULLS LAST,
  `t7`.`chain` ASC NULLS LAST,
  `t7`.`at` ASC NULLS LAST,
  `t7`.`sent` DESC
;

-- query shadow: visits
SELECT
  `t17`.`rung`,
  `t17`.`units`,
  `t17`.`downloads`,
  `t17`.`direct`,
  ieee_divide(CAST(`t17`.`direct` AS FLOAT64), NULLIF(CAST(`t17`.`downloads` AS FLOAT64), 0)) AS `share`
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS `rung`,
        `t11`.`units`,
        `t11`.`downloads`,
        `t11`.`direct`
      FROM (
        SELECT
          COUNT(*) AS `units`,
          COALESCE(SUM(CAST(`t8`.`downloads` AS NUMERIC)), 0) AS `downloads`,
          COALESCE(SUM(CAST(`t8`.`downloads` - `t8`.`through` AS NUMERIC)), 0) AS `direct`
        FROM (
          SELECT
            *
          FROM (
            SELECT
              `t2`.`unit`,
              COUNTIF(`t2`.`proxy`) AS `proxies`,
              SUM(`t2`.`downloads`) AS `downloads`,
              COALESCE(SUM(IF(`t2`.`proxy`, CAST(`t2`.`downloads` AS NUMERIC), NULL)), 0) AS `through`
            FROM (
              SELECT
                `t0`.`day`,
                `t0`.`stream`,
                `t0`.`client`,
                `t0`.`network`,
                `t0`.`consumer`,
                `t0`.`ecosystem`,
                `t0`.`requests`,
                `t0`.`downloads`,
                `t0`.`bytes`,
                `t0`.`software`,
                `t0`.`software_kind`,
                `t0`.`purpose`,
                `t0`.`tool_ecosystem`,
                `t0`.`client` AS `unit`,
                (
                  `t0`.`software_kind` = 'caching-proxy'
                )
                OR (
                  `t0`.`purpose` = 'caching-proxy'
                ) AS `proxy`
              FROM `visits` AS `t0`
              WHERE
                `t0`.`client` >= 0
            ) AS `t2`
            GROUP BY
              1
          ) AS `t5`
          WHERE
            `t5`.`proxies` > 0
        ) AS `t8`
      ) AS `t11`
    ) AS `t14`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        'network' AS `rung`,
        `t12`.`units`,
        `t12`.`downloads`,
        `t12`.`direct`
      FROM (
        SELECT
          COUNT(*) AS `units`,
          COALESCE(SUM(CAST(`t9`.`downloads` AS NUMERIC)), 0) AS `downloads`,
          COALESCE(SUM(CAST(`t9`.`downloads` - `t9`.`through` AS NUMERIC)), 0) AS `direct`
        FROM (
          SELECT
            *
          FROM (
            SELECT
              `t3`.`unit`,
              COUNTIF(`t3`.`proxy`) AS `proxies`,
              SUM(`t3`.`downloads`) AS `downloads`,
              COALESCE(SUM(IF(`t3`.`proxy`, CAST(`t3`.`downloads` AS NUMERIC), NULL)), 0) AS `through`
            FROM (
              SELECT
                `t0`.`day`,
                `t0`.`stream`,
                `t0`.`client`,
                `t0`.`network`,
                `t0`.`consumer`,
                `t0`.`ecosystem`,
                `t0`.`requests`,
                `t0`.`downloads`,
                `t0`.`bytes`,
                `t0`.`software`,
                `t0`.`software_kind`,
                `t0`.`purpose`,
                `t0`.`tool_ecosystem`,
                `t0`.`network` AS `unit`,
                (
                  `t0`.`software_kind` = 'caching-proxy'
                )
                OR (
                  `t0`.`purpose` = 'caching-proxy'
                ) AS `proxy`
              FROM `visits` AS `t0`
              WHERE
                `t0`.`network` >= 0
            ) AS `t3`
            GROUP BY
              1
          ) AS `t6`
          WHERE
            `t6`.`proxies` > 0
        ) AS `t9`
      ) AS `t12`
    ) AS `t15`
  ) AS `t16`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'consumer' AS `rung`,
      `t10`.`units`,
      `t10`.`downloads`,
      `t10`.`direct`
    FROM (
      SELECT
        COUNT(*) AS `units`,
        COALESCE(SUM(CAST(`t7`.`downloads` AS NUMERIC)), 0) AS `downloads`,
        COALESCE(SUM(CAST(`t7`.`downloads` - `t7`.`through` AS NUMERIC)), 0) AS `direct`
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t1`.`unit`,
            COUNTIF(`t1`.`proxy`) AS `proxies`,
            SUM(`t1`.`downloads`) AS `downloads`,
            COALESCE(SUM(IF(`t1`.`proxy`, CAST(`t1`.`downloads` AS NUMERIC), NULL)), 0) AS `through`
          FROM (
            SELECT
              `t0`.`day`,
              `t0`.`stream`,
              `t0`.`client`,
              `t0`.`network`,
              `t0`.`consumer`,
              `t0`.`ecosystem`,
              `t0`.`requests`,
              `t0`.`downloads`,
              `t0`.`bytes`,
              `t0`.`software`,
              `t0`.`software_kind`,
              `t0`.`purpose`,
              `t0`.`tool_ecosystem`,
              `t0`.`consumer` AS `unit`,
              (
                `t0`.`software_kind` = 'caching-proxy'
              )
              OR (
                `t0`.`purpose` = 'caching-proxy'
              ) AS `proxy`
            FROM `visits` AS `t0`
            WHERE
              `t0`.`consumer` >= 0
          ) AS `t1`
          GROUP BY
            1
        ) AS `t4`
        WHERE
          `t4`.`proxies` > 0
      ) AS `t7`
    ) AS `t10`
  ) AS `t13`
) AS `t17`
WHERE
  `t17`.`rung` <> 'address'
ORDER BY
  `t17`.`rung` ASC NULLS LAST
;

-- query breadth: items taken
SELECT
  `t8`.`packages`,
  `t8`.`versions`,
  `t8`.`most`,
  ieee_divide(CAST(`t8`.`versions` AS FLOAT64), NULLIF(CAST(`t8`.`packages` AS FLOAT64), 0)) AS `mean`
FROM (
  SELECT
    COUNT(*) AS `packages`,
    COALESCE(SUM(CAST(`t7`.`versions` AS NUMERIC)), 0) AS `versions`,
    COALESCE(MAX(`t7`.`versions`), 0) AS `most`
  FROM (
    SELECT
      `t6`.`package`,
      COUNT(DISTINCT `t6`.`version`) AS `versions`
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t4`.`item`,
          `t4`.`package`,
          `t4`.`version`
        FROM (
          SELECT
            `t0`.`item`,
            `t0`.`package`,
            `t0`.`version`
          FROM `items` AS `t0`
        ) AS `t4`
        WHERE
          EXISTS(
            SELECT
              1
            FROM `taken` AS `t2`
            WHERE
              `t4`.`item` = `t2`.`item`
          )
      ) AS `t5`
      WHERE
        `t5`.`package` >= 0 AND `t5`.`version` <> ''
    ) AS `t6`
    GROUP BY
      1
  ) AS `t7`
) AS `t8`
;

-- query purposes: visits
SELECT
  *
FROM (
  SELECT
    `t1`.`value`,
    `t1`.`requests`,
    `t1`.`downloads`,
    `t1`.`bytes`,
    `t1`.`streams`,
    ieee_divide(
      CAST(`t1`.`requests` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`requests`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `requests_share`,
    ieee_divide(
      CAST(`t1`.`downloads` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`downloads`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `downloads_share`,
    ieee_divide(
      CAST(`t1`.`bytes` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`bytes`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `bytes_share`,
    ieee_divide(
      CAST(`t1`.`streams` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`streams`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `streams_share`
  FROM (
    SELECT
      `t0`.`purpose` AS `value`,
      COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(SUM(CAST(`t0`.`downloads` AS NUMERIC)), 0) AS `downloads`,
      COALESCE(SUM(CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `bytes`,
      COUNT(DISTINCT IF(`t0`.`stream` >= 0, `t0`.`stream`, NULL)) AS `streams`
    FROM `visits` AS `t0`
    GROUP BY
      1
  ) AS `t1`
) AS `t2`
ORDER BY
  `t2`.`requests` DESC,
  `t2`.`value` ASC NULLS LAST
;

-- query ecosystems: visits
SELECT
  *
FROM (
  SELECT
    `t1`.`value`,
    `t1`.`requests`,
    `t1`.`downloads`,
    `t1`.`bytes`,
    `t1`.`streams`,
    ieee_divide(
      CAST(`t1`.`requests` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`requests`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `requests_share`,
    ieee_divide(
      CAST(`t1`.`downloads` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`downloads`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `downloads_share`,
    ieee_divide(
      CAST(`t1`.`bytes` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`bytes`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `bytes_share`,
    ieee_divide(
      CAST(`t1`.`streams` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`streams`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `streams_share`
  FROM (
    SELECT
      `t0`.`ecosystem` AS `value`,
      COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(SUM(CAST(`t0`.`downloads` AS NUMERIC)), 0) AS `downloads`,
      COALESCE(SUM(CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `bytes`,
      COUNT(DISTINCT IF(`t0`.`stream` >= 0, `t0`.`stream`, NULL)) AS `streams`
    FROM `visits` AS `t0`
    GROUP BY
      1
  ) AS `t1`
) AS `t2`
ORDER BY
  `t2`.`requests` DESC,
  `t2`.`value` ASC NULLS LAST
;

-- query softwares: visits
SELECT
  *
FROM (
  SELECT
    `t1`.`value`,
    `t1`.`requests`,
    `t1`.`downloads`,
    `t1`.`bytes`,
    `t1`.`streams`,
    ieee_divide(
      CAST(`t1`.`requests` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`requests`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `requests_share`,
    ieee_divide(
      CAST(`t1`.`downloads` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`downloads`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `downloads_share`,
    ieee_divide(
      CAST(`t1`.`bytes` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`bytes`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `bytes_share`,
    ieee_divide(
      CAST(`t1`.`streams` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`streams`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `streams_share`
  FROM (
    SELECT
      `t0`.`software` AS `value`,
      COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(SUM(CAST(`t0`.`downloads` AS NUMERIC)), 0) AS `downloads`,
      COALESCE(SUM(CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `bytes`,
      COUNT(DISTINCT IF(`t0`.`stream` >= 0, `t0`.`stream`, NULL)) AS `streams`
    FROM `visits` AS `t0`
    GROUP BY
      1
  ) AS `t1`
) AS `t2`
ORDER BY
  `t2`.`requests` DESC,
  `t2`.`value` ASC NULLS LAST
;

-- query software_kinds: visits
SELECT
  *
FROM (
  SELECT
    `t1`.`value`,
    `t1`.`requests`,
    `t1`.`downloads`,
    `t1`.`bytes`,
    `t1`.`streams`,
    ieee_divide(
      CAST(`t1`.`requests` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`requests`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `requests_share`,
    ieee_divide(
      CAST(`t1`.`downloads` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`downloads`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `downloads_share`,
    ieee_divide(
      CAST(`t1`.`bytes` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`bytes`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `bytes_share`,
    ieee_divide(
      CAST(`t1`.`streams` AS FLOAT64),
      NULLIF(
        CAST(SUM(`t1`.`streams`) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS FLOAT64),
        0
      )
    ) AS `streams_share`
  FROM (
    SELECT
      `t0`.`software_kind` AS `value`,
      COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(SUM(CAST(`t0`.`downloads` AS NUMERIC)), 0) AS `downloads`,
      COALESCE(SUM(CAST(`t0`.`bytes` AS NUMERIC)), 0) AS `bytes`,
      COUNT(DISTINCT IF(`t0`.`stream` >= 0, `t0`.`stream`, NULL)) AS `streams`
    FROM `visits` AS `t0`
    GROUP BY
      1
  ) AS `t1`
) AS `t2`
ORDER BY
  `t2`.`requests` DESC,
  `t2`.`value` ASC NULLS LAST
;

-- query coverage: items parameters taken
SELECT
  `t11`.`packages`,
  `t11`.`catalogue`,
  ieee_divide(CAST(`t11`.`packages` AS FLOAT64), NULLIF(CAST(`t11`.`catalogue` AS FLOAT64), 0)) AS `share`
FROM (
  SELECT
    `t10`.`packages`,
    `t6`.`catalogue`
  FROM (
    SELECT
      COUNT(DISTINCT IF(`t8`.`package` >= 0, `t8`.`package`, NULL)) AS `packages`
    FROM (
      SELECT
        `t7`.`item`,
        `t7`.`package`,
        `t7`.`version`
      FROM (
        SELECT
          `t1`.`item`,
          `t1`.`package`,
          `t1`.`version`
        FROM `items` AS `t1`
      ) AS `t7`
      WHERE
        EXISTS(
          SELECT
            1
          FROM `taken` AS `t3`
          WHERE
            `t7`.`item` = `t3`.`item`
        )
    ) AS `t8`
  ) AS `t10`
  CROSS JOIN (
    SELECT
      `t0`.`catalogue`
    FROM `parameters` AS `t0`
  ) AS `t6`
) AS `t11`
;

-- query lag: facts items published
SELECT
  COUNT(*) AS `downloads`,
  IF(
    COUNT(*) > 0,
    MIN(IF((
      `t12`.`rank` * 100
    ) >= (
      `t12`.`downloads` * 10
    ), `t12`.`lag`, NULL)),
    CAST(NULL AS FLOAT64)
  ) AS `p10`,
  IF(
    COUNT(*) > 0,
    MIN(IF((
      `t12`.`rank` * 100
    ) >= (
      `t12`.`downloads` * 50
    ), `t12`.`lag`, NULL)),
    CAST(NULL AS FLOAT64)
  ) AS `p50`,
  IF(
    COUNT(*) > 0,
    MIN(IF((
      `t12`.`rank` * 100
    ) >= (
      `t12`.`downloads` * 90
    ), `t12`.`lag`, NULL)),
    CAST(NULL AS FLOAT64)
  ) AS `p90`,
  ieee_divide(CAST(COUNTIF(`t12`.`lag` <= 300) AS FLOAT64), NULLIF(CAST(COUNT(*) AS FLOAT64), 0)) AS `within_5min`,
  ieee_divide(
    CAST(COUNTIF(`t12`.`lag` <= 3600) AS FLOAT64),
    NULLIF(CAST(COUNT(*) AS FLOAT64), 0)
  ) AS `within_1h`,
  ieee_divide(
    CAST(COUNTIF(`t12`.`lag` <= 86400) AS FLOAT64),
    NULLIF(CAST(COUNT(*) AS FLOAT64), 0)
  ) AS `within_1d`
FROM (
  SELECT
    `t11`.`lag`,
    (
      ROW_NUMBER() OVER (ORDER BY `t11`.`lag` ASC) - 1
    ) + 1 AS `rank`,
    COUNT(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS `downloads`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t6`.`at` - `t9`.`published_at` AS `lag`
      FROM (
        SELECT
          *
        FROM `facts` AS `t0`
        WHERE
          `t0`.`kind` <> 'own'
          AND `t0`.`status` = 200
          AND `t0`.`method` IN ('GET', '')
          AND `t0`.`kind` = 'artifact'
      ) AS `t6`
      INNER JOIN (
        SELECT
          `t3`.`item`,
          `t7`.`published_at`
        FROM `items` AS `t3`
        INNER JOIN (
          SELECT
            `t2`.`purl`,
            MIN(`t2`.`at`) AS `published_at`
          FROM `published` AS `t2`
          GROUP BY
            1
        ) AS `t7`
          ON `t3`.`purl` = `t7`.`purl`
      ) AS `t9`
        ON `t6`.`item` = `t9`.`item`
    ) AS `t10`
    WHERE
      `t10`.`lag` >= 0
  ) AS `t11`
) AS `t12`
;

-- query chase: facts items parameters published ways
SELECT
  `t12`.`requests`,
  `t20`.`chased`,
  ieee_divide(CAST(`t20`.`chased` AS FLOAT64), NULLIF(CAST(`t12`.`requests` AS FLOAT64), 0)) AS `share`
FROM (
  SELECT
    COALESCE(SUM(CAST(`t18`.`requests` AS NUMERIC)), 0) AS `chased`
  FROM (
    SELECT DISTINCT
      `t17`.`package`,
      `t17`.`moment`,
      `t17`.`requests`
    FROM (
      SELECT
        `t13`.`package`,
        `t13`.`moment`,
        `t13`.`requests`,
        `t16`.`published_at`
      FROM (
        SELECT
          `t7`.`package`,
          `t7`.`at` AS `moment`,
          COUNT(*) AS `requests`
        FROM (
          SELECT
            *
          FROM `facts` AS `t2`
          WHERE
            `t2`.`kind` <> 'own' AND `t2`.`package` >= 0
        ) AS `t7`
        GROUP BY
          1,
          2
      ) AS `t13`
      INNER JOIN (
        SELECT DISTINCT
          *
        FROM (
          SELECT
            `t5`.`package`,
            `t9`.`published_at`
          FROM `items` AS `t5`
          INNER JOIN (
            SELECT
              `t4`.`purl`,
              MIN(`t4`.`at`) AS `published_at`
            FROM `published` AS `t4`
            GROUP BY
              1
          ) AS `t9`
            ON `t5`.`purl` = `t9`.`purl`
        ) AS `t14`
        WHERE
          `t14`.`package` >= 0
      ) AS `t16`
        ON `t13`.`package` = `t16`.`package`
    ) AS `t17`
    WHERE
      (
        `t17`.`moment` - `t17`.`published_at`
      ) >= 0
      AND (
        `t17`.`moment` - `t17`.`published_at`
      ) <= (
        SELECT
          `t1`.`chase`
        FROM `parameters` AS `t1`
      )
  ) AS `t18`
) AS `t20`
CROSS JOIN (
  SELECT
    COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`
  FROM `ways` AS `t0`
) AS `t12`
;

-- query bounded_client: facts
SELECT
  `t0`.`client` AS `unit`,
  `t0`.`at`,
  `t0`.`item`,
  `t0`.`sent`
FROM `facts` AS `t0`
WHERE
  `t0`.`kind` <> 'own'
  AND `t0`.`item` >= 0
  AND `t0`.`status` = 200
  AND `t0`.`method` IN ('GET', '')
  AND `t0`.`client` >= 0
ORDER BY
  `t0`.`client` ASC NULLS LAST,
  `t0`.`at` ASC NULLS LAST,
  `t0`.`item` ASC NULLS LAST,
  `t0`.`sent` DESC
;

-- query bounded_network: facts
SELECT
  `t0`.`network` AS `unit`,
  `t0`.`at`,
  `t0`.`item`,
  `t0`.`sent`
FROM `facts` AS `t0`
WHERE
  `t0`.`kind` <> 'own'
  AND `t0`.`item` >= 0
  AND `t0`.`status` = 200
  AND `t0`.`method` IN ('GET', '')
  AND `t0`.`network` >= 0
ORDER BY
  `t0`.`network` ASC NULLS LAST,
  `t0`.`at` ASC NULLS LAST,
  `t0`.`item` ASC NULLS LAST,
  `t0`.`sent` DESC
;

-- query bounded_consumer: facts
SELECT
  `t0`.`consumer` AS `unit`,
  `t0`.`at`,
  `t0`.`item`,
  `t0`.`sent`
FROM `facts` AS `t0`
WHERE
  `t0`.`kind` <> 'own'
  AND `t0`.`item` >= 0
  AND `t0`.`status` = 200
  AND `t0`.`method` IN ('GET', '')
  AND `t0`.`consumer` >= 0
ORDER BY
  `t0`.`consumer` ASC NULLS LAST,
  `t0`.`at` ASC NULLS LAST,
  `t0`.`item` ASC NULLS LAST,
  `t0`.`sent` DESC
;

-- query bounded_all: facts
SELECT
  0 AS `unit`,
  `t0`.`at`,
  `t0`.`item`,
  `t0`.`sent`
FROM `facts` AS `t0`
WHERE
  `t0`.`kind` <> 'own'
  AND `t0`.`item` >= 0
  AND `t0`.`status` = 200
  AND `t0`.`method` IN ('GET', '')
ORDER BY
  `t0`.`at` ASC NULLS LAST,
  `t0`.`item` ASC NULLS LAST,
  `t0`.`sent` DESC
;

-- time hour: at
CAST(FLOOR(ieee_divide(`at`, 3600)) AS INT64)
;

-- time day: at
CAST(FLOOR(ieee_divide(`at`, 86400)) AS INT64)
;

-- time weekday: at
MOD(CAST(FLOOR(ieee_divide(`at`, 86400)) AS INT64) + 3, 7)
;

-- measure requests: 
COUNT(*)
;

-- measure bytes: sent
COALESCE(SUM(CAST(GREATEST(`sent`, 0) AS NUMERIC)), 0)
;

-- measure bytes_unknown: sent
COALESCE(SUM(CAST(CAST(`sent` < 0 AS INT64) AS NUMERIC)), 0)
;

-- measure downloads_npm_like: kind method status
COUNTIF(`method` IN ('GET', '') AND `status` IN (200) AND (`kind` = 'artifact'))
;

-- measure downloads_ruby_like: kind method status
COUNTIF(`method` IN ('GET', '') AND `status` IN (200, 304) AND (`kind` = 'artifact'))
;

-- measure downloads_rust_like: ecosystem kind method software_kind status tool_ecosystem
COUNTIF(`method` IN ('GET', '') AND `status` IN (200) AND (`kind` = 'artifact') AND ((`software_kind` = 'installer') AND (`tool_ecosystem` = `ecosystem`) AND (`ecosystem` <> '')))
;

-- measure download_bytes: kind method sent status
COALESCE(SUM(IF(`method` IN ('GET', '') AND `status` IN (200) AND (`kind` = 'artifact'), CAST(GREATEST(`sent`, 0) AS NUMERIC), NULL)), 0)
;

-- measure revalidations: status
COUNTIF(`status` = 304)
;

-- measure conditional: status
COUNTIF(`status` IN (200, 304))
;

-- measure metadata_requests: kind
COUNTIF(`kind` IN ('index', 'listing', 'metadata', 'config', 'derived'))
;

-- measure errors: status
COUNTIF(`status` >= 400)
;

-- measure cache_hits: cache
COUNTIF(`cache` IN ('hit', 'revalidated', 'stale', 'peer'))
;

-- measure cache_asked: cache
COUNTIF(`cache` IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass'))
;

-- measure cache_hit_bytes: cache sent
COALESCE(SUM(IF(`cache` IN ('hit', 'revalidated', 'stale', 'peer'), CAST(GREATEST(`sent`, 0) AS NUMERIC), NULL)), 0)
;

-- measure cache_asked_bytes: cache sent
COALESCE(SUM(IF(`cache` IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass'), CAST(GREATEST(`sent`, 0) AS NUMERIC), NULL)), 0)
;

-- measure addresses: client
COUNT(DISTINCT IF(`client` >= 0, `client`, NULL))
;
