-- Written by `python -m tools.queries` from the ibis expressions beside this folder; edit those instead.
-- Tables: docs/measures.md. `step` queries are to be stored under their name, in this order; `query` ones answer.

-- step cells: agents facts streams
SELECT
  `t9`.`day`,
  `t9`.`stream`,
  `t9`.`client`,
  `t9`.`network`,
  `t9`.`consumer`,
  `t9`.`ecosystem`,
  `t9`.`kind`,
  `t9`.`method`,
  `t9`.`status`,
  `t9`.`cache`,
  `t9`.`requests`,
  `t9`.`bytes`,
  `t9`.`unsized`,
  COALESCE(`t7`.`software`, '') AS `software`,
  COALESCE(`t7`.`software_kind`, '') AS `software_kind`,
  COALESCE(`t7`.`purpose`, '') AS `purpose`,
  COALESCE(`t7`.`tool_ecosystem`, '') AS `tool_ecosystem`
FROM (
  SELECT
    CAST(CAST(FLOOR(ieee_divide(`t5`.`at`, 86400)) AS INT64) AS INT64) AS `day`,
    `t5`.`stream`,
    `t5`.`client`,
    `t5`.`network`,
    `t5`.`consumer`,
    `t5`.`ecosystem`,
    `t5`.`kind`,
    `t5`.`method`,
    `t5`.`status`,
    `t5`.`cache`,
    COUNT(*) AS `requests`,
    CAST(TRUNC(SUM(CAST(GREATEST(`t5`.`sent`, 0) AS FLOAT64))) AS INT64) AS `bytes`,
    CAST(TRUNC(SUM(CAST(-(
      LEAST(`t5`.`sent`, 0)
    ) AS FLOAT64))) AS INT64) AS `unsized`
  FROM (
    SELECT
      *
    FROM `facts` AS `t0`
    WHERE
      `t0`.`kind` <> 'own'
  ) AS `t5`
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
) AS `t9`
LEFT OUTER JOIN (
  SELECT
    `t3`.`stream`,
    `t3`.`software`,
    `t3`.`software_kind`,
    `t3`.`purpose`,
    COALESCE(`t4`.`ecosystem`, '') AS `tool_ecosystem`
  FROM `streams` AS `t3`
  LEFT OUTER JOIN `agents` AS `t4`
    ON `t3`.`agent` = `t4`.`agent`
) AS `t7`
  ON `t9`.`stream` = `t7`.`stream`
;

-- step visits: cells
SELECT
  `t1`.`stream`,
  `t1`.`client`,
  `t1`.`network`,
  `t1`.`consumer`,
  `t1`.`ecosystem`,
  `t1`.`software`,
  `t1`.`software_kind`,
  `t1`.`purpose`,
  SUM(`t1`.`requests`) AS `requests`,
  SUM(`t1`.`downloads`) AS `downloads`,
  SUM(`t1`.`bytes`) AS `bytes`
FROM (
  SELECT
    `t0`.`stream`,
    `t0`.`client`,
    `t0`.`network`,
    `t0`.`consumer`,
    `t0`.`ecosystem`,
    `t0`.`software`,
    `t0`.`software_kind`,
    `t0`.`purpose`,
    `t0`.`requests`,
    `t0`.`bytes`,
    IF(
      `t0`.`method` IN ('GET', '')
      AND `t0`.`status` IN (200)
      AND (
        `t0`.`kind` = 'artifact'
      ),
      `t0`.`requests`,
      0
    ) AS `downloads`
  FROM `cells` AS `t0`
) AS `t1`
GROUP BY
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8
;

-- step unit_days: cells
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      'address' AS `rung`,
      `t4`.`unit`,
      `t4`.`day`,
      `t4`.`requests`,
      `t4`.`bytes`
    FROM (
      SELECT
        `t1`.`client` AS `unit`,
        `t1`.`day`,
        SUM(`t1`.`requests`) AS `requests`,
        SUM(`t1`.`bytes`) AS `bytes`
      FROM (
        SELECT
          *
        FROM `cells` AS `t0`
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
      'network' AS `rung`,
      `t5`.`unit`,
      `t5`.`day`,
      `t5`.`requests`,
      `t5`.`bytes`
    FROM (
      SELECT
        `t2`.`network` AS `unit`,
        `t2`.`day`,
        SUM(`t2`.`requests`) AS `requests`,
        SUM(`t2`.`bytes`) AS `bytes`
      FROM (
        SELECT
          *
        FROM `cells` AS `t0`
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
    'consumer' AS `rung`,
    `t6`.`unit`,
    `t6`.`day`,
    `t6`.`requests`,
    `t6`.`bytes`
  FROM (
    SELECT
      `t3`.`consumer` AS `unit`,
      `t3`.`day`,
      SUM(`t3`.`requests`) AS `requests`,
      SUM(`t3`.`bytes`) AS `bytes`
    FROM (
      SELECT
        *
      FROM `cells` AS `t0`
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
  SUM(`t0`.`requests`) AS `requests`,
  SUM(`t0`.`bytes`) AS `bytes`
FROM `unit_days` AS `t0`
GROUP BY
  1,
  2
;

-- step ranked: units
SELECT
  *
FROM (
  SELECT
    `t1`.`rung`,
    'requests' AS `weight`,
    `t1`.`requests` AS `value`,
    (
      ROW_NUMBER() OVER (PARTITION BY `t1`.`rung` ORDER BY `t1`.`requests` ASC) - 1
    ) + 1 AS `rank`,
    `t3`.`units`
  FROM `units` AS `t1`
  INNER JOIN (
    SELECT
      `t0`.`rung`,
      COUNT(*) AS `units`
    FROM `units` AS `t0`
    GROUP BY
      1
  ) AS `t3`
    ON `t1`.`rung` = `t3`.`rung`
) AS `t4`
UNION ALL
SELECT
  *
FROM (
  SELECT
    `t1`.`rung`,
    'bytes' AS `weight`,
    `t1`.`bytes` AS `value`,
    (
      ROW_NUMBER() OVER (PARTITION BY `t1`.`rung` ORDER BY `t1`.`bytes` ASC) - 1
    ) + 1 AS `rank`,
    `t3`.`units`
  FROM `units` AS `t1`
  INNER JOIN (
    SELECT
      `t0`.`rung`,
      COUNT(*) AS `units`
    FROM `units` AS `t0`
    GROUP BY
      1
  ) AS `t3`
    ON `t1`.`rung` = `t3`.`rung`
) AS `t5`
;

-- step fetched: facts
SELECT
  `t1`.`client`,
  `t1`.`network`,
  `t1`.`consumer`,
  `t1`.`item`,
  `t1`.`kind` = 'artifact' AS `artifact`,
  COUNT(*) AS `requests`,
  CAST(TRUNC(SUM(CAST(GREATEST(`t1`.`sent`, 0) AS FLOAT64))) AS INT64) AS `bytes`,
  GREATEST(MAX(`t1`.`sent`), 0) AS `largest`,
  CAST(TRUNC(SUM(CAST(-(
    LEAST(`t1`.`sent`, 0)
  ) AS FLOAT64))) AS INT64) AS `unsized`
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
  3,
  4,
  5
;

-- step minutes: facts
SELECT
  CAST(FLOOR(ieee_divide(`t1`.`at`, 60)) AS INT64) AS `minute`,
  COUNT(*) AS `requests`,
  MIN(`t1`.`at`) AS `first`,
  MAX(`t1`.`at`) AS `last`
FROM (
  SELECT
    *
  FROM `facts` AS `t0`
  WHERE
    `t0`.`kind` <> 'own'
) AS `t1`
GROUP BY
  1
;

-- step near_network: facts parameters
SELECT
  `t4`.`client`,
  `t4`.`network`,
  `t4`.`document`,
  `t4`.`at`,
  `t4`.`sent`
FROM (
  SELECT
    `t3`.`client`,
    `t3`.`network`,
    `t3`.`document`,
    `t3`.`at`,
    `t3`.`sent`,
    LAG(`t3`.`at`, 1, -1E+18) OVER (PARTITION BY `t3`.`network`, `t3`.`document` ORDER BY `t3`.`at` ASC) AS `before`,
    LEAD(`t3`.`at`, 1, 1e+18) OVER (PARTITION BY `t3`.`network`, `t3`.`document` ORDER BY `t3`.`at` ASC) AS `after`
  FROM (
    SELECT
      *
    FROM `facts` AS `t0`
    WHERE
      `t0`.`kind` <> 'own'
      AND `t0`.`document` >= 0
      AND `t0`.`status` IN (200, 304)
      AND `t0`.`method` IN ('GET', '')
      AND `t0`.`network` >= 0
  ) AS `t3`
) AS `t4`
WHERE
  (
    (
      `t4`.`at` - `t4`.`before`
    ) < (
      SELECT
        `t1`.`fresh`
      FROM `parameters` AS `t1`
    )
  )
  OR (
    (
      `t4`.`after` - `t4`.`at`
    ) < (
      SELECT
        `t1`.`fresh`
      FROM `parameters` AS `t1`
    )
  )
;

-- step near_consumer: facts parameters
SELECT
  `t4`.`consumer`,
  `t4`.`document`,
  `t4`.`at`,
  `t4`.`sent`
FROM (
  SELECT
    `t3`.`consumer`,
    `t3`.`document`,
    `t3`.`at`,
    `t3`.`sent`,
    LAG(`t3`.`at`, 1, -1E+18) OVER (PARTITION BY `t3`.`consumer`, `t3`.`document` ORDER BY `t3`.`at` ASC) AS `before`,
    LEAD(`t3`.`at`, 1, 1e+18) OVER (PARTITION BY `t3`.`consumer`, `t3`.`document` ORDER BY `t3`.`at` ASC) AS `after`
  FROM (
    SELECT
      *
    FROM `facts` AS `t0`
    WHERE
      `t0`.`kind` <> 'own'
      AND `t0`.`document` >= 0
      AND `t0`.`status` IN (200, 304)
      AND `t0`.`method` IN ('GET', '')
      AND `t0`.`consumer` >= 0
  ) AS `t3`
) AS `t4`
WHERE
  (
    (
      `t4`.`at` - `t4`.`before`
    ) < (
      SELECT
        `t1`.`fresh`
      FROM `parameters` AS `t1`
    )
  )
  OR (
    (
      `t4`.`after` - `t4`.`at`
    ) < (
      SELECT
        `t1`.`fresh`
      FROM `parameters` AS `t1`
    )
  )
;

-- step chained: near_consumer near_network parameters
SELECT
  `t11`.*
  EXCEPT (`before`)
FROM (
  SELECT
    `t10`.`rung`,
    `t10`.`document`,
    `t10`.`at`,
    `t10`.`sent`,
    `t10`.`unit`,
    `t10`.`before`,
    `t10`.`begins`,
    SUM(`t10`.`begins`) OVER (
      PARTITION BY `t10`.`rung`, `t10`.`unit`, `t10`.`document`
      ORDER BY `t10`.`at` ASC, `t10`.`begins` DESC, `t10`.`sent` DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `chain`
  FROM (
    SELECT
      `t9`.`rung`,
      `t9`.`document`,
      `t9`.`at`,
      `t9`.`sent`,
      `t9`.`unit`,
      `t9`.`before`,
      CAST((
        `t9`.`at` - `t9`.`before`
      ) >= (
        SELECT
          `t2`.`fresh`
        FROM `parameters` AS `t2`
      ) AS INT64) AS `begins`
    FROM (
      SELECT
        `t8`.`rung`,
        `t8`.`document`,
        `t8`.`at`,
        `t8`.`sent`,
        `t8`.`unit`,
        LAG(`t8`.`at`, 1, -1E+18) OVER (
          PARTITION BY `t8`.`rung`, `t8`.`unit`, `t8`.`document`
          ORDER BY `t8`.`at` ASC, `t8`.`sent` DESC
        ) AS `before`
      FROM (
        SELECT
          *
        FROM (
          SELECT
            *
          FROM (
            SELECT
              'address' AS `rung`,
              `t1`.`document`,
              `t1`.`at`,
              `t1`.`sent`,
              `t1`.`client` AS `unit`
            FROM `near_network` AS `t1`
            WHERE
              `t1`.`client` >= 0
          ) AS `t5`
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              'network' AS `rung`,
              `t1`.`document`,
              `t1`.`at`,
              `t1`.`sent`,
              `t1`.`network` AS `unit`
            FROM `near_network` AS `t1`
            WHERE
              `t1`.`network` >= 0
          ) AS `t6`
        ) AS `t7`
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            'consumer' AS `rung`,
            `t0`.`document`,
            `t0`.`at`,
            `t0`.`sent`,
            `t0`.`consumer` AS `unit`
          FROM `near_consumer` AS `t0`
          WHERE
            `t0`.`consumer` >= 0
        ) AS `t4`
      ) AS `t8`
    ) AS `t9`
  ) AS `t10`
) AS `t11`
;

-- query totals: cells
SELECT
  `t1`.`requests`,
  `t1`.`bytes`,
  `t1`.`bytes_unknown`,
  `t1`.`downloads_npm_like`,
  `t1`.`downloads_ruby_like`,
  `t1`.`downloads_rust_like`,
  `t1`.`download_bytes`,
  `t1`.`revalidations`,
  `t1`.`conditional`,
  `t1`.`metadata_requests`,
  `t1`.`errors`,
  `t1`.`cache_hits`,
  `t1`.`cache_asked`,
  `t1`.`cache_hit_bytes`,
  `t1`.`cache_asked_bytes`,
  ieee_divide(
    CAST(`t1`.`revalidations` AS FLOAT64),
    NULLIF(CAST(`t1`.`conditional` AS FLOAT64), 0)
  ) AS `conditional_share`,
  ieee_divide(
    CAST(`t1`.`metadata_requests` AS FLOAT64),
    NULLIF(CAST(`t1`.`downloads_npm_like` AS FLOAT64), 0)
  ) AS `metadata_ratio`,
  ieee_divide(CAST(`t1`.`errors` AS FLOAT64), NULLIF(CAST(`t1`.`requests` AS FLOAT64), 0)) AS `error_share`,
  ieee_divide(CAST(`t1`.`cache_hits` AS FLOAT64), NULLIF(CAST(`t1`.`cache_asked` AS FLOAT64), 0)) AS `hit_ratio`,
  ieee_divide(
    CAST(`t1`.`cache_hit_bytes` AS FLOAT64),
    NULLIF(CAST(`t1`.`cache_asked_bytes` AS FLOAT64), 0)
  ) AS `hit_ratio_bytes`
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
          )
          AND (
            (
              `t0`.`software_kind` = 'installer'
            )
            AND (
              `t0`.`tool_ecosystem` = `t0`.`ecosystem`
            )
            AND (
              `t0`.`ecosystem` <> ''
            )
          ),
          CAST(`t0`.`requests` AS NUMERIC),
          NULL
        )
      ),
      0
    ) AS `downloads_rust_like`,
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
  FROM `cells` AS `t0`
) AS `t1`
;

-- query window: minutes parameters
SELECT
  `t7`.`since`,
  `t7`.`until`,
  `t7`.`seconds`,
  `t7`.`requests`,
  ieee_divide(CAST(`t7`.`requests` AS FLOAT64), NULLIF(`t7`.`seconds`, 0)) AS `mean`,
  ieee_divide(`t7`.`peak`, 60.0) AS `peak`,
  `t7`.`peak_at`
FROM (
  SELECT
    `t4`.`since`,
    `t4`.`until`,
    `t4`.`requests`,
    `t4`.`peak`,
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
        CAST(FLOOR(`t4`.`until`) AS INT64) - CAST(FLOOR(`t4`.`since`) AS INT64)
      ) + 1 AS FLOAT64)
    ) AS `seconds`,
    (
      SELECT
        MIN(`t5`.`minute`) AS `Min_minute`
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
      ) AS `t5`
    ) * 60 AS `peak_at`
  FROM (
    SELECT
      COALESCE(MIN(`t0`.`first`), 0.0) AS `since`,
      COALESCE(MAX(`t0`.`last`), 0.0) AS `until`,
      COALESCE(SUM(CAST(`t0`.`requests` AS NUMERIC)), 0) AS `requests`,
      COALESCE(MAX(`t0`.`requests`), 0) AS `peak`
    FROM `minutes` AS `t0`
  ) AS `t4`
) AS `t7`
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
WITH `t10` AS (
  SELECT
    `t7`.`stream`,
    `t7`.`client`,
    `t7`.`item`,
    `t7`.`at`,
    `t7`.`status`,
    `t7`.`sent`
  FROM (
    SELECT
      `t1`.`stream`,
      `t1`.`client`,
      `t1`.`item`,
      `t1`.`at`,
      `t1`.`status`,
      `t1`.`sent`
    FROM `facts` AS `t1`
    WHERE
      `t1`.`kind` <> 'own'
      AND `t1`.`kind` = 'artifact'
      AND `t1`.`status` IN (200, 206, 304)
      AND `t1`.`method` IN ('GET', '')
  ) AS `t7`
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
      ) AS `t9`
      WHERE
        `t7`.`stream` = `t9`.`stream`
    )
), `t14` AS (
  SELECT
    `t13`.`client`,
    `t13`.`item`,
    CAST(FLOOR(ieee_divide(`t13`.`at`, 3600)) AS INT64) AS `hour`,
    MIN(`t13`.`at`) AS `at`,
    COALESCE(SUM(CAST(`t13`.`sent` AS NUMERIC)), 0) AS `bytes`,
    COUNTIF(`t13`.`sent` < 0) AS `unsized`
  FROM (
    SELECT
      *
    FROM `t10` AS `t11`
    WHERE
      `t11`.`status` = 206 AND `t11`.`item` >= 0
  ) AS `t13`
  GROUP BY
    1,
    2,
    3
)
SELECT
  COUNTIF(
    (
      `t24`.`client` < 0
    )
    OR (
      `t24`.`item` < 0
    )
    OR (
      (
        `t24`.`at` - `t24`.`before`
      ) > (
        SELECT
          `t0`.`collapse`
        FROM `parameters` AS `t0`
      )
    )
  ) AS `downloads`
FROM (
  SELECT
    `t23`.`client`,
    `t23`.`item`,
    `t23`.`at`,
    LAG(`t23`.`at`, 1, -1E+18) OVER (PARTITION BY `t23`.`client`, `t23`.`item` ORDER BY `t23`.`at` ASC) AS `before`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t11`.`client`,
        `t11`.`item`,
        `t11`.`at`
      FROM `t10` AS `t11`
      WHERE
        `t11`.`status` <> 206
    ) AS `t12`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t21`.`client`,
        `t21`.`item`,
        `t21`.`at`
      FROM (
        SELECT
          `t16`.`client`,
          `t16`.`at`,
          `t16`.`item`,
          `t16`.`bytes`,
          `t16`.`unsized`,
          COALESCE(`t20`.`size`, 0) AS `size`
        FROM `t14` AS `t16`
        LEFT OUTER JOIN (
          SELECT
            `t18`.`item`,
            MAX(`t18`.`largest`) AS `size`
          FROM (
            SELECT
              `t4`.`client`,
              `t4`.`network`,
              `t4`.`consumer`,
              `t4`.`item`,
              `t4`.`artifact`,
              `t4`.`requests`,
              `t4`.`bytes`,
              `t4`.`largest`,
              `t4`.`unsized`
            FROM `fetched` AS `t4`
            WHERE
              EXISTS(
                SELECT
                  1
                FROM `t14` AS `t17`
                WHERE
                  `t4`.`item` = `t17`.`item`
              )
          ) AS `t18`
          GROUP BY
            1
        ) AS `t20`
          ON `t16`.`item` = `t20`.`item`
      ) AS `t21`
      WHERE
        (
          `t21`.`unsized` > 0
        ) OR (
          `t21`.`bytes` >= `t21`.`size`
        )
    ) AS `t22`
  ) AS `t23`
) AS `t24`
;

-- query concentration: parameters ranked
SELECT
  `t3`.`rung`,
  `t3`.`weight`,
  `t3`.`units`,
  `t3`.`top_units`,
  `t3`.`total`,
  `t3`.`top`,
  ieee_divide(CAST(`t3`.`top` AS FLOAT64), NULLIF(CAST(`t3`.`total` AS FLOAT64), 0)) AS `share`,
  ieee_divide(
    CAST(`t3`.`moment` AS FLOAT64) * 2.0,
    NULLIF(CAST(`t3`.`units` AS FLOAT64) * CAST(`t3`.`total` AS FLOAT64), 0)
  ) - ieee_divide(CAST(`t3`.`units` AS FLOAT64) + 1.0, CAST(`t3`.`units` AS FLOAT64)) AS `gini`
FROM (
  SELECT
    `t0`.`rung`,
    `t0`.`weight`,
    MAX(`t0`.`units`) AS `units`,
    MAX(
      CAST(FLOOR(
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
    ) AS `top_units`,
    COALESCE(SUM(CAST(`t0`.`value` AS NUMERIC)), 0) AS `total`,
    COALESCE(
      SUM(
        IF(
          `t0`.`rank` > (
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
          CAST(`t0`.`value` AS NUMERIC),
          NULL
        )
      ),
      0
    ) AS `top`,
    COALESCE(SUM(CAST(`t0`.`rank` AS NUMERIC) * CAST(`t0`.`value` AS NUMERIC)), 0) AS `moment`
  FROM `ranked` AS `t0`
  GROUP BY
    1,
    2
) AS `t3`
ORDER BY
  `t3`.`rung` ASC NULLS LAST,
  `t3`.`weight` ASC NULLS LAST
;

-- query daily: parameters unit_days
SELECT
  `t9`.`rung`,
  `t9`.`weight`,
  `t9`.`day`,
  `t9`.`units`,
  `t9`.`top_units`,
  ieee_divide(CAST(`t9`.`top` AS FLOAT64), NULLIF(CAST(`t9`.`total` AS FLOAT64), 0)) AS `share`
FROM (
  SELECT
    `t8`.`rung`,
    `t8`.`weight`,
    `t8`.`day`,
    MAX(`t8`.`units`) AS `units`,
    MAX(
      CAST(FLOOR(
        ieee_divide(
          (
            `t8`.`units` * (
              SELECT
                `t1`.`top_millionths`
              FROM `parameters` AS `t1`
            )
          ) + 999999,
          1000000
        )
      ) AS INT64)
    ) AS `top_units`,
    COALESCE(SUM(CAST(`t8`.`value` AS NUMERIC)), 0) AS `total`,
    COALESCE(
      SUM(
        IF(
          `t8`.`rank` > (
            `t8`.`units` - CAST(FLOOR(
              ieee_divide(
                (
                  `t8`.`units` * (
                    SELECT
                      `t1`.`top_millionths`
                    FROM `parameters` AS `t1`
                  )
                ) + 999999,
                1000000
              )
            ) AS INT64)
          ),
          CAST(`t8`.`value` AS NUMERIC),
          NULL
        )
      ),
      0
    ) AS `top`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t2`.`rung`,
        `t2`.`day`,
        'requests' AS `weight`,
        `t2`.`requests` AS `value`,
        (
          ROW_NUMBER() OVER (PARTITION BY `t2`.`rung`, `t2`.`day` ORDER BY `t2`.`requests` ASC) - 1
        ) + 1 AS `rank`,
        `t5`.`units`
      FROM `unit_days` AS `t2`
      INNER JOIN (
        SELECT
          `t0`.`rung`,
          `t0`.`day`,
          COUNT(*) AS `units`
        FROM `unit_days` AS `t0`
        GROUP BY
          1,
          2
      ) AS `t5`
        ON `t2`.`rung` = `t5`.`rung` AND `t2`.`day` = `t5`.`day`
    ) AS `t6`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t2`.`rung`,
        `t2`.`day`,
        'bytes' AS `weight`,
        `t2`.`bytes` AS `value`,
        (
          ROW_NUMBER() OVER (PARTITION BY `t2`.`rung`, `t2`.`day` ORDER BY `t2`.`bytes` ASC) - 1
        ) + 1 AS `rank`,
        `t5`.`units`
      FROM `unit_days` AS `t2`
      INNER JOIN (
        SELECT
          `t0`.`rung`,
          `t0`.`day`,
          COUNT(*) AS `units`
        FROM `unit_days` AS `t0`
        GROUP BY
          1,
          2
      ) AS `t5`
        ON `t2`.`rung` = `t5`.`rung` AND `t2`.`day` = `t5`.`day`
    ) AS `t7`
  ) AS `t8`
  GROUP BY
    1,
    2,
    3
) AS `t9`
ORDER BY
  `t9`.`rung` ASC NULLS LAST,
  `t9`.`weight` ASC NULLS LAST,
  `t9`.`day` ASC NULLS LAST
;

-- query lorenz: ranked
SELECT
  *
FROM (
  SELECT
    `t0`.`rung`,
    `t0`.`weight`,
    CAST(FLOOR(ieee_divide((
      (
        `t0`.`rank` * 100
      ) + `t0`.`units`
    ) - 1, `t0`.`units`)) AS INT64) AS `percent`,
    COALESCE(SUM(CAST(`t0`.`value` AS NUMERIC)), 0) AS `value`
  FROM `ranked` AS `t0`
  GROUP BY
    1,
    2,
    3
) AS `t1`
ORDER BY
  `t1`.`rung` ASC NULLS LAST,
  `t1`.`weight` ASC NULLS LAST,
  `t1`.`percent` ASC NULLS LAST
;

-- query providers: clients visits
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
          FROM `visits` AS `t1`
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

-- query origins: clients visits
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
          FROM `visits` AS `t1`
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

-- query files: fetched
SELECT
  `t29`.`rung`,
  `t29`.`downloads`,
  `t29`.`download_pairs`,
  `t29`.`requests`,
  `t29`.`bytes`,
  `t29`.`unsized`,
  ieee_divide(
    CAST(`t29`.`downloads` AS FLOAT64),
    NULLIF(CAST(`t29`.`download_pairs` AS FLOAT64), 0)
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
        `t22`.`downloads`,
        `t22`.`download_pairs`,
        `t22`.`requests`,
        `t22`.`bytes`,
        `t22`.`unsized`
      FROM (
        SELECT
          `t10`.`downloads`,
          `t19`.`download_pairs`,
          `t10`.`fetched` - `t19`.`pairs` AS `requests`,
          `t10`.`sent` - `t19`.`kept` AS `bytes`,
          `t10`.`unsized`
        FROM (
          SELECT
            COALESCE(SUM(`t1`.`requests`), 0) AS `fetched`,
            COALESCE(SUM(IF(`t1`.`artifact`, `t1`.`requests`, NULL)), 0) AS `downloads`,
            COALESCE(SUM(`t1`.`bytes`), 0) AS `sent`,
            COALESCE(SUM(`t1`.`unsized`), 0) AS `unsized`
          FROM (
            SELECT
              *
            FROM `fetched` AS `t0`
            WHERE
              `t0`.`client` >= 0
          ) AS `t1`
        ) AS `t10`
        CROSS JOIN (
          SELECT
            COUNT(*) AS `pairs`,
            COUNTIF(`t11`.`artifact`) AS `download_pairs`,
            COALESCE(SUM(`t11`.`largest`), 0) AS `kept`
          FROM (
            SELECT
              `t4`.`pair`,
              `t4`.`artifact`,
              MAX(`t4`.`largest`) AS `largest`
            FROM (
              SELECT
                `t0`.`artifact`,
                `t0`.`largest`,
                (
                  CAST(`t0`.`client` AS INT64) * 4294967296
                ) + `t0`.`item` AS `pair`
              FROM `fetched` AS `t0`
              WHERE
                `t0`.`client` >= 0
            ) AS `t4`
            GROUP BY
              1,
              2
          ) AS `t11`
        ) AS `t19`
      ) AS `t22`
    ) AS `t25`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        'network' AS `rung`,
        `t23`.`downloads`,
        `t23`.`download_pairs`,
        `t23`.`requests`,
        `t23`.`bytes`,
        `t23`.`unsized`
      FROM (
        SELECT
          `t12`.`downloads`,
          `t20`.`download_pairs`,
          `t12`.`fetched` - `t20`.`pairs` AS `requests`,
          `t12`.`sent` - `t20`.`kept` AS `bytes`,
          `t12`.`unsized`
        FROM (
          SELECT
            COALESCE(SUM(`t2`.`requests`), 0) AS `fetched`,
            COALESCE(SUM(IF(`t2`.`artifact`, `t2`.`requests`, NULL)), 0) AS `downloads`,
            COALESCE(SUM(`t2`.`bytes`), 0) AS `sent`,
            COALESCE(SUM(`t2`.`unsized`), 0) AS `unsized`
          FROM (
            SELECT
              *
            FROM `fetched` AS `t0`
            WHERE
              `t0`.`network` >= 0
          ) AS `t2`
        ) AS `t12`
        CROSS JOIN (
          SELECT
            COUNT(*) AS `pairs`,
            COUNTIF(`t13`.`artifact`) AS `download_pairs`,
            COALESCE(SUM(`t13`.`largest`), 0) AS `kept`
          FROM (
            SELECT
              `t5`.`pair`,
              `t5`.`artifact`,
              MAX(`t5`.`largest`) AS `largest`
            FROM (
              SELECT
                `t0`.`artifact`,
                `t0`.`largest`,
                (
                  CAST(`t0`.`network` AS INT64) * 4294967296
                ) + `t0`.`item` AS `pair`
              FROM `fetched` AS `t0`
              WHERE
                `t0`.`network` >= 0
            ) AS `t5`
            GROUP BY
              1,
              2
          ) AS `t13`
        ) AS `t20`
      ) AS `t23`
    ) AS `t26`
  ) AS `t28`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'consumer' AS `rung`,
      `t24`.`downloads`,
      `t24`.`download_pairs`,
      `t24`.`requests`,
      `t24`.`bytes`,
      `t24`.`unsized`
    FROM (
      SELECT
        `t14`.`downloads`,
        `t21`.`download_pairs`,
        `t14`.`fetched` - `t21`.`pairs` AS `requests`,
        `t14`.`sent` - `t21`.`kept` AS `bytes`,
        `t14`.`unsized`
      FROM (
        SELECT
          COALESCE(SUM(`t3`.`requests`), 0) AS `fetched`,
          COALESCE(SUM(IF(`t3`.`artifact`, `t3`.`requests`, NULL)), 0) AS `downloads`,
          COALESCE(SUM(`t3`.`bytes`), 0) AS `sent`,
          COALESCE(SUM(`t3`.`unsized`), 0) AS `unsized`
        FROM (
          SELECT
            *
          FROM `fetched` AS `t0`
          WHERE
            `t0`.`consumer` >= 0
        ) AS `t3`
      ) AS `t14`
      CROSS JOIN (
        SELECT
          COUNT(*) AS `pairs`,
          COUNTIF(`t15`.`artifact`) AS `download_pairs`,
          COALESCE(SUM(`t15`.`largest`), 0) AS `kept`
        FROM (
          SELECT
            `t6`.`pair`,
            `t6`.`artifact`,
            MAX(`t6`.`largest`) AS `largest`
          FROM (
            SELECT
              `t0`.`artifact`,
              `t0`.`largest`,
              (
                CAST(`t0`.`consumer` AS INT64) * 4294967296
              ) + `t0`.`item` AS `pair`
            FROM `fetched` AS `t0`
            WHERE
              `t0`.`consumer` >= 0
          ) AS `t6`
          GROUP BY
            1,
            2
        ) AS `t15`
      ) AS `t21`
    ) AS `t24`
  ) AS `t27`
) AS `t29`
ORDER BY
  `t29`.`rung` ASC NULLS LAST
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
        `t0`.`unit`,
        `t0`.`document`,
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
        3,
        4
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
    `t2`.`unit`,
    `t2`.`document`,
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
            `t0`.`unit`,
            `t0`.`document`,
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
            3,
            4
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
        AND `t2`.`unit` = `t6`.`unit`
        AND `t2`.`document` = `t6`.`document`
        AND `t2`.`chain` = `t6`.`chain`
    )
) AS `t7`
ORDER BY
  `t7`.`rung` ASC NULLS LAST,
  `t7`.`unit` ASC NULLS LAST,
  `t7`.`document` ASC NULLS LAST,
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
                `t0`.`stream`,
                `t0`.`client`,
                `t0`.`network`,
                `t0`.`consumer`,
                `t0`.`ecosystem`,
                `t0`.`software`,
                `t0`.`software_kind`,
                `t0`.`purpose`,
                `t0`.`requests`,
                `t0`.`downloads`,
                `t0`.`bytes`,
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
                `t0`.`stream`,
                `t0`.`client`,
                `t0`.`network`,
                `t0`.`consumer`,
                `t0`.`ecosystem`,
                `t0`.`software`,
                `t0`.`software_kind`,
                `t0`.`purpose`,
                `t0`.`requests`,
                `t0`.`downloads`,
                `t0`.`bytes`,
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
              `t0`.`stream`,
              `t0`.`client`,
              `t0`.`network`,
              `t0`.`consumer`,
              `t0`.`ecosystem`,
              `t0`.`software`,
              `t0`.`software_kind`,
              `t0`.`purpose`,
              `t0`.`requests`,
              `t0`.`downloads`,
              `t0`.`bytes`,
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

-- query breadth: fetched items
SELECT
  `t9`.`packages`,
  `t9`.`versions`,
  `t9`.`most`,
  ieee_divide(CAST(`t9`.`versions` AS FLOAT64), NULLIF(CAST(`t9`.`packages` AS FLOAT64), 0)) AS `mean`
FROM (
  SELECT
    COUNT(*) AS `packages`,
    COALESCE(SUM(CAST(`t8`.`versions` AS NUMERIC)), 0) AS `versions`,
    COALESCE(MAX(`t8`.`versions`), 0) AS `most`
  FROM (
    SELECT
      `t7`.`package`,
      COUNT(DISTINCT `t7`.`version`) AS `versions`
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
            FROM (
              SELECT
                *
              FROM `fetched` AS `t1`
              WHERE
                `t1`.`artifact`
            ) AS `t5`
            WHERE
              `t4`.`item` = `t5`.`item`
          )
      ) AS `t6`
      WHERE
        `t6`.`package` >= 0 AND `t6`.`version` <> ''
    ) AS `t7`
    GROUP BY
      1
  ) AS `t8`
) AS `t9`
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

-- query coverage: fetched items parameters
SELECT
  `t12`.`packages`,
  `t12`.`catalogue`,
  ieee_divide(CAST(`t12`.`packages` AS FLOAT64), NULLIF(CAST(`t12`.`catalogue` AS FLOAT64), 0)) AS `share`
FROM (
  SELECT
    `t11`.`packages`,
    `t6`.`catalogue`
  FROM (
    SELECT
      COUNT(DISTINCT IF(`t9`.`package` >= 0, `t9`.`package`, NULL)) AS `packages`
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
          FROM (
            SELECT
              *
            FROM `fetched` AS `t2`
            WHERE
              `t2`.`artifact`
          ) AS `t8`
          WHERE
            `t7`.`item` = `t8`.`item`
        )
    ) AS `t9`
  ) AS `t11`
  CROSS JOIN (
    SELECT
      `t0`.`catalogue`
    FROM `parameters` AS `t0`
  ) AS `t6`
) AS `t12`
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

-- query chase: cells facts items parameters published
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
  FROM `cells` AS `t0`
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
