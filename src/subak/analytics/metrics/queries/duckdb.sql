-- Written by `python -m tools.queries` from the ibis expressions beside this folder; edit those instead.
-- Tables: docs/measures.md. `step` queries are to be stored under their name, in this order; `query` ones answer.

-- step ways: facts
SELECT
  "t1"."kind",
  "t1"."method",
  "t1"."status",
  "t1"."cache",
  COUNT(*) AS "requests",
  COALESCE(SUM(CAST(GREATEST("t1"."sent", 0) AS DECIMAL(38, 0))), 0) AS "bytes",
  COUNT(*) FILTER(WHERE
    "t1"."sent" < 0) AS "unsized"
FROM (
  SELECT
    *
  FROM "facts" AS "t0"
  WHERE
    "t0"."kind" <> 'own'
) AS "t1"
GROUP BY
  1,
  2,
  3,
  4
;

-- step visits: agents facts streams
SELECT
  "t9"."day",
  "t9"."stream",
  "t9"."client",
  "t9"."network",
  "t9"."consumer",
  "t9"."ecosystem",
  "t9"."requests",
  "t9"."downloads",
  "t9"."bytes",
  COALESCE("t7"."software", '') AS "software",
  COALESCE("t7"."software_kind", '') AS "software_kind",
  COALESCE("t7"."purpose", '') AS "purpose",
  COALESCE("t7"."tool_ecosystem", '') AS "tool_ecosystem"
FROM (
  SELECT
    CAST(CAST(FLOOR("t5"."at" / 86400) AS BIGINT) AS INT) AS "day",
    "t5"."stream",
    "t5"."client",
    "t5"."network",
    "t5"."consumer",
    "t5"."ecosystem",
    COUNT(*) AS "requests",
    COUNT(*) FILTER(WHERE
      "t5"."method" IN ('GET', '')
      AND "t5"."status" IN (200)
      AND (
        "t5"."kind" = 'artifact'
      )) AS "downloads",
    CAST(SUM(CAST(GREATEST("t5"."sent", 0) AS DOUBLE)) AS BIGINT) AS "bytes"
  FROM (
    SELECT
      *
    FROM "facts" AS "t0"
    WHERE
      "t0"."kind" <> 'own'
  ) AS "t5"
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
) AS "t9"
LEFT OUTER JOIN (
  SELECT
    "t3"."stream",
    "t3"."software",
    "t3"."software_kind",
    "t3"."purpose",
    COALESCE("t4"."ecosystem", '') AS "tool_ecosystem"
  FROM "streams" AS "t3"
  LEFT OUTER JOIN "agents" AS "t4"
    ON "t3"."agent" = "t4"."agent"
) AS "t7"
  ON "t9"."stream" = "t7"."stream"
;

-- step unit_days: visits
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      'address' AS "rung",
      "t4"."unit",
      "t4"."day",
      "t4"."requests",
      "t4"."bytes"
    FROM (
      SELECT
        "t1"."client" AS "unit",
        "t1"."day",
        CAST(SUM(CAST("t1"."requests" AS DOUBLE)) AS BIGINT) AS "requests",
        SUM("t1"."bytes") AS "bytes"
      FROM (
        SELECT
          *
        FROM "visits" AS "t0"
        WHERE
          "t0"."client" >= 0
      ) AS "t1"
      GROUP BY
        1,
        2
    ) AS "t4"
  ) AS "t7"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'network' AS "rung",
      "t5"."unit",
      "t5"."day",
      "t5"."requests",
      "t5"."bytes"
    FROM (
      SELECT
        "t2"."network" AS "unit",
        "t2"."day",
        CAST(SUM(CAST("t2"."requests" AS DOUBLE)) AS BIGINT) AS "requests",
        SUM("t2"."bytes") AS "bytes"
      FROM (
        SELECT
          *
        FROM "visits" AS "t0"
        WHERE
          "t0"."network" >= 0
      ) AS "t2"
      GROUP BY
        1,
        2
    ) AS "t5"
  ) AS "t8"
) AS "t10"
UNION ALL
SELECT
  *
FROM (
  SELECT
    'consumer' AS "rung",
    "t6"."unit",
    "t6"."day",
    "t6"."requests",
    "t6"."bytes"
  FROM (
    SELECT
      "t3"."consumer" AS "unit",
      "t3"."day",
      CAST(SUM(CAST("t3"."requests" AS DOUBLE)) AS BIGINT) AS "requests",
      SUM("t3"."bytes") AS "bytes"
    FROM (
      SELECT
        *
      FROM "visits" AS "t0"
      WHERE
        "t0"."consumer" >= 0
    ) AS "t3"
    GROUP BY
      1,
      2
  ) AS "t6"
) AS "t9"
;

-- step units: unit_days
SELECT
  "t0"."rung",
  "t0"."unit",
  CAST(SUM(CAST("t0"."requests" AS DOUBLE)) AS BIGINT) AS "requests",
  SUM("t0"."bytes") AS "bytes"
FROM "unit_days" AS "t0"
GROUP BY
  1,
  2
;

-- step ranked: units
SELECT
  *
FROM (
  SELECT
    "t1"."rung",
    'requests' AS "weight",
    "t1"."requests" AS "value",
    (
      ROW_NUMBER() OVER (
        PARTITION BY "t1"."rung"
        ORDER BY "t1"."requests" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "rank",
    "t3"."units"
  FROM "units" AS "t1"
  INNER JOIN (
    SELECT
      "t0"."rung",
      COUNT(*) AS "units"
    FROM "units" AS "t0"
    GROUP BY
      1
  ) AS "t3"
    ON "t1"."rung" = "t3"."rung"
) AS "t4"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t1"."rung",
    'bytes' AS "weight",
    "t1"."bytes" AS "value",
    (
      ROW_NUMBER() OVER (
        PARTITION BY "t1"."rung"
        ORDER BY "t1"."bytes" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "rank",
    "t3"."units"
  FROM "units" AS "t1"
  INNER JOIN (
    SELECT
      "t0"."rung",
      COUNT(*) AS "units"
    FROM "units" AS "t0"
    GROUP BY
      1
  ) AS "t3"
    ON "t1"."rung" = "t3"."rung"
) AS "t5"
;

-- step minutes: facts
SELECT
  CAST(FLOOR("t1"."at" / 60) AS BIGINT) AS "minute",
  COUNT(*) AS "requests",
  MIN("t1"."at") AS "first",
  MAX("t1"."at") AS "last"
FROM (
  SELECT
    *
  FROM "facts" AS "t0"
  WHERE
    "t0"."kind" <> 'own'
) AS "t1"
GROUP BY
  1
;

-- step fetched: facts
SELECT
  "t1"."client",
  "t1"."consumer",
  "t1"."item",
  MAX("t1"."network") AS "network",
  BOOL_OR(CAST("t1"."kind" = 'artifact' AS BOOLEAN)) AS "artifact",
  COUNT(*) AS "requests",
  CAST(SUM(CAST(GREATEST("t1"."sent", 0) AS DOUBLE)) AS BIGINT) AS "bytes",
  GREATEST(MAX("t1"."sent"), 0) AS "largest",
  COUNT(*) FILTER(WHERE
    "t1"."sent" < 0) AS "unsized"
FROM (
  SELECT
    *
  FROM "facts" AS "t0"
  WHERE
    "t0"."kind" <> 'own'
    AND "t0"."item" >= 0
    AND "t0"."status" = 200
    AND "t0"."method" IN ('GET', '')
) AS "t1"
GROUP BY
  1,
  2,
  3
;

-- step taken: fetched
SELECT
  "t1"."item",
  SUM("t1"."requests") AS "downloads"
FROM (
  SELECT
    *
  FROM "fetched" AS "t0"
  WHERE
    "t0"."artifact"
) AS "t1"
GROUP BY
  1
;

-- step near: facts parameters
SELECT
  "t9".*
  EXCLUDE ("place")
FROM (
  SELECT
    "t5"."client",
    "t5"."network",
    "t5"."consumer",
    "t5"."document",
    "t5"."at",
    "t5"."sent",
    "t5"."place"
  FROM (
    SELECT
      "t0"."client",
      "t0"."network",
      "t0"."consumer",
      "t0"."document",
      "t0"."at",
      "t0"."sent",
      (
        (
          (
            (
              CAST("t0"."network" AS BIGINT) * 1048583
            ) + "t0"."document"
          ) % 1073741789
        ) * 4294967296
      ) + LEAST(GREATEST(CAST(FLOOR("t0"."at") AS BIGINT), 0), 4294967295) AS "place"
    FROM "facts" AS "t0"
    WHERE
      "t0"."kind" <> 'own'
      AND "t0"."document" >= 0
      AND "t0"."status" IN (200, 304)
      AND "t0"."method" IN ('GET', '')
      AND "t0"."network" >= 0
  ) AS "t5"
  SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t4"."place",
        "t4"."place" - LAG("t4"."place", 1, -1099511627776) OVER (
          ORDER BY "t4"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "before",
        LEAD("t4"."place", 1, 4611686967615160320) OVER (
          ORDER BY "t4"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - "t4"."place" AS "after"
      FROM (
        SELECT
          (
            (
              (
                (
                  CAST("t0"."network" AS BIGINT) * 1048583
                ) + "t0"."document"
              ) % 1073741789
            ) * 4294967296
          ) + LEAST(GREATEST(CAST(FLOOR("t0"."at") AS BIGINT), 0), 4294967295) AS "place"
        FROM "facts" AS "t0"
        WHERE
          "t0"."kind" <> 'own'
          AND "t0"."document" >= 0
          AND "t0"."status" IN (200, 304)
          AND "t0"."method" IN ('GET', '')
          AND "t0"."network" >= 0
      ) AS "t4"
    ) AS "t6"
    WHERE
      (
        "t6"."before" <= (
          (
            SELECT
              "t1"."fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
      OR (
        "t6"."after" <= (
          (
            SELECT
              "t1"."fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
  ) AS "t8"
    ON "t5"."place" = "t8"."place"
) AS "t9"
;

-- step near_wide: facts parameters visits
WITH "t10" AS (
  SELECT
    "t6"."consumer",
    "t6"."document",
    "t6"."at",
    "t6"."sent"
  FROM (
    SELECT
      *
    FROM "facts" AS "t0"
    WHERE
      "t0"."kind" <> 'own'
      AND "t0"."document" >= 0
      AND "t0"."status" IN (200, 304)
      AND "t0"."method" IN ('GET', '')
  ) AS "t6"
  SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t5"."consumer",
        MIN("t5"."network") AS "low",
        MAX("t5"."network") AS "high"
      FROM (
        SELECT
          *
        FROM "visits" AS "t2"
        WHERE
          "t2"."consumer" >= 0
      ) AS "t5"
      GROUP BY
        1
    ) AS "t7"
    WHERE
      (
        "t7"."low" < 0
      ) OR (
        "t7"."low" <> "t7"."high"
      )
  ) AS "t9"
    ON "t6"."consumer" = "t9"."consumer"
)
SELECT
  "t18".*
  EXCLUDE ("place")
FROM (
  SELECT
    "t14"."consumer",
    "t14"."document",
    "t14"."at",
    "t14"."sent",
    "t14"."place"
  FROM (
    SELECT
      "t11"."consumer",
      "t11"."document",
      "t11"."at",
      "t11"."sent",
      (
        (
          (
            (
              CAST("t11"."consumer" AS BIGINT) * 1048583
            ) + "t11"."document"
          ) % 1073741789
        ) * 4294967296
      ) + LEAST(GREATEST(CAST(FLOOR("t11"."at") AS BIGINT), 0), 4294967295) AS "place"
    FROM "t10" AS "t11"
  ) AS "t14"
  SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t13"."place",
        "t13"."place" - LAG("t13"."place", 1, -1099511627776) OVER (
          ORDER BY "t13"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "before",
        LEAD("t13"."place", 1, 4611686967615160320) OVER (
          ORDER BY "t13"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - "t13"."place" AS "after"
      FROM (
        SELECT
          (
            (
              (
                (
                  CAST("t11"."consumer" AS BIGINT) * 1048583
                ) + "t11"."document"
              ) % 1073741789
            ) * 4294967296
          ) + LEAST(GREATEST(CAST(FLOOR("t11"."at") AS BIGINT), 0), 4294967295) AS "place"
        FROM "t10" AS "t11"
      ) AS "t13"
    ) AS "t15"
    WHERE
      (
        "t15"."before" <= (
          (
            SELECT
              "t1"."fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
      OR (
        "t15"."after" <= (
          (
            SELECT
              "t1"."fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
  ) AS "t17"
    ON "t14"."place" = "t17"."place"
) AS "t18"
;

-- step chained: near near_wide parameters
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      'address' AS "rung",
      "t17"."pair",
      "t17"."chain",
      "t17"."at",
      "t17"."sent",
      "t17"."begins"
    FROM (
      SELECT
        "t14"."document",
        "t14"."at",
        "t14"."sent",
        "t14"."unit",
        "t14"."pair",
        "t14"."before",
        "t14"."begins",
        SUM("t14"."begins") OVER (
          PARTITION BY "t14"."pair"
          ORDER BY "t14"."at" ASC, "t14"."begins" DESC, "t14"."sent" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "chain"
      FROM (
        SELECT
          "t11"."document",
          "t11"."at",
          "t11"."sent",
          "t11"."unit",
          "t11"."pair",
          "t11"."before",
          CAST((
            "t11"."at" - "t11"."before"
          ) >= (
            SELECT
              "t2"."fresh"
            FROM "parameters" AS "t2"
          ) AS BIGINT) AS "begins"
        FROM (
          SELECT
            "t8"."document",
            "t8"."at",
            "t8"."sent",
            "t8"."unit",
            "t8"."pair",
            LAG("t8"."at", 1, -1E+18) OVER (
              PARTITION BY "t8"."pair"
              ORDER BY "t8"."at" ASC, "t8"."sent" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS "before"
          FROM (
            SELECT
              "t0"."document",
              "t0"."at",
              "t0"."sent",
              "t0"."client" AS "unit",
              (
                CAST("t0"."client" AS BIGINT) * 4294967296
              ) + "t0"."document" AS "pair"
            FROM "near" AS "t0"
            WHERE
              "t0"."client" >= 0
          ) AS "t8"
        ) AS "t11"
      ) AS "t14"
    ) AS "t17"
  ) AS "t20"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'network' AS "rung",
      "t18"."pair",
      "t18"."chain",
      "t18"."at",
      "t18"."sent",
      "t18"."begins"
    FROM (
      SELECT
        "t15"."document",
        "t15"."at",
        "t15"."sent",
        "t15"."unit",
        "t15"."pair",
        "t15"."before",
        "t15"."begins",
        SUM("t15"."begins") OVER (
          PARTITION BY "t15"."pair"
          ORDER BY "t15"."at" ASC, "t15"."begins" DESC, "t15"."sent" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "chain"
      FROM (
        SELECT
          "t12"."document",
          "t12"."at",
          "t12"."sent",
          "t12"."unit",
          "t12"."pair",
          "t12"."before",
          CAST((
            "t12"."at" - "t12"."before"
          ) >= (
            SELECT
              "t2"."fresh"
            FROM "parameters" AS "t2"
          ) AS BIGINT) AS "begins"
        FROM (
          SELECT
            "t9"."document",
            "t9"."at",
            "t9"."sent",
            "t9"."unit",
            "t9"."pair",
            LAG("t9"."at", 1, -1E+18) OVER (
              PARTITION BY "t9"."pair"
              ORDER BY "t9"."at" ASC, "t9"."sent" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS "before"
          FROM (
            SELECT
              "t0"."document",
              "t0"."at",
              "t0"."sent",
              "t0"."network" AS "unit",
              (
                CAST("t0"."network" AS BIGINT) * 4294967296
              ) + "t0"."document" AS "pair"
            FROM "near" AS "t0"
            WHERE
              "t0"."network" >= 0
          ) AS "t9"
        ) AS "t12"
      ) AS "t15"
    ) AS "t18"
  ) AS "t21"
) AS "t22"
UNION ALL
SELECT
  *
FROM (
  SELECT
    'consumer' AS "rung",
    "t24"."pair",
    "t24"."chain",
    "t24"."at",
    "t24"."sent",
    "t24"."begins"
  FROM (
    SELECT
      "t23"."document",
      "t23"."at",
      "t23"."sent",
      "t23"."unit",
      "t23"."pair",
      "t23"."before",
      "t23"."begins",
      SUM("t23"."begins") OVER (
        PARTITION BY "t23"."pair"
        ORDER BY "t23"."at" ASC, "t23"."begins" DESC, "t23"."sent" DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "chain"
    FROM (
      SELECT
        "t19"."document",
        "t19"."at",
        "t19"."sent",
        "t19"."unit",
        "t19"."pair",
        "t19"."before",
        CAST((
          "t19"."at" - "t19"."before"
        ) >= (
          SELECT
            "t2"."fresh"
          FROM "parameters" AS "t2"
        ) AS BIGINT) AS "begins"
      FROM (
        SELECT
          "t16"."document",
          "t16"."at",
          "t16"."sent",
          "t16"."unit",
          "t16"."pair",
          LAG("t16"."at", 1, -1E+18) OVER (
            PARTITION BY "t16"."pair"
            ORDER BY "t16"."at" ASC, "t16"."sent" DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) AS "before"
        FROM (
          SELECT
            "t13"."document",
            "t13"."at",
            "t13"."sent",
            "t13"."unit",
            (
              CAST("t13"."unit" AS BIGINT) * 4294967296
            ) + "t13"."document" AS "pair"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t7"."document",
                "t7"."at",
                "t7"."sent",
                "t7"."unit"
              FROM (
                SELECT
                  "t0"."document",
                  "t0"."at",
                  "t0"."sent",
                  "t0"."consumer" AS "unit"
                FROM "near" AS "t0"
                WHERE
                  "t0"."consumer" >= 0
              ) AS "t7"
              ANTI JOIN "near_wide" AS "t3"
                ON "t7"."unit" = "t3"."consumer"
            ) AS "t10"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t1"."document",
                "t1"."at",
                "t1"."sent",
                "t1"."consumer" AS "unit"
              FROM "near_wide" AS "t1"
            ) AS "t4"
          ) AS "t13"
        ) AS "t16"
      ) AS "t19"
    ) AS "t23"
  ) AS "t24"
) AS "t25"
;

-- query totals: visits ways
SELECT
  "t6"."requests",
  "t6"."bytes",
  "t6"."bytes_unknown",
  "t6"."downloads_npm_like",
  "t6"."downloads_ruby_like",
  "t6"."download_bytes",
  "t6"."revalidations",
  "t6"."conditional",
  "t6"."metadata_requests",
  "t6"."errors",
  "t6"."cache_hits",
  "t6"."cache_asked",
  "t6"."cache_hit_bytes",
  "t6"."cache_asked_bytes",
  "t6"."downloads_rust_like",
  CAST("t6"."revalidations" AS DOUBLE) / NULLIF(CAST("t6"."conditional" AS DOUBLE), 0) AS "conditional_share",
  CAST("t6"."metadata_requests" AS DOUBLE) / NULLIF(CAST("t6"."downloads_npm_like" AS DOUBLE), 0) AS "metadata_ratio",
  CAST("t6"."errors" AS DOUBLE) / NULLIF(CAST("t6"."requests" AS DOUBLE), 0) AS "error_share",
  CAST("t6"."cache_hits" AS DOUBLE) / NULLIF(CAST("t6"."cache_asked" AS DOUBLE), 0) AS "hit_ratio",
  CAST("t6"."cache_hit_bytes" AS DOUBLE) / NULLIF(CAST("t6"."cache_asked_bytes" AS DOUBLE), 0) AS "hit_ratio_bytes"
FROM (
  SELECT
    "t4"."requests",
    "t4"."bytes",
    "t4"."bytes_unknown",
    "t4"."downloads_npm_like",
    "t4"."downloads_ruby_like",
    "t4"."download_bytes",
    "t4"."revalidations",
    "t4"."conditional",
    "t4"."metadata_requests",
    "t4"."errors",
    "t4"."cache_hits",
    "t4"."cache_asked",
    "t4"."cache_hit_bytes",
    "t4"."cache_asked_bytes",
    "t5"."downloads_rust_like"
  FROM (
    SELECT
      COALESCE(SUM(CAST("t0"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))), 0) AS "bytes",
      COALESCE(SUM(CAST("t0"."unsized" AS DECIMAL(38, 0))), 0) AS "bytes_unknown",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."method" IN ('GET', '')
          AND "t0"."status" IN (200)
          AND (
            "t0"."kind" = 'artifact'
          )),
        0
      ) AS "downloads_npm_like",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."method" IN ('GET', '')
          AND "t0"."status" IN (200, 304)
          AND (
            "t0"."kind" = 'artifact'
          )),
        0
      ) AS "downloads_ruby_like",
      COALESCE(
        SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."method" IN ('GET', '')
          AND "t0"."status" IN (200)
          AND (
            "t0"."kind" = 'artifact'
          )),
        0
      ) AS "download_bytes",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."status" = 304),
        0
      ) AS "revalidations",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."status" IN (200, 304)),
        0
      ) AS "conditional",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."kind" IN ('index', 'listing', 'metadata', 'config', 'derived')),
        0
      ) AS "metadata_requests",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."status" >= 400),
        0
      ) AS "errors",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer')),
        0
      ) AS "cache_hits",
      COALESCE(
        SUM(CAST("t0"."requests" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass')),
        0
      ) AS "cache_asked",
      COALESCE(
        SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer')),
        0
      ) AS "cache_hit_bytes",
      COALESCE(
        SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))) FILTER(WHERE
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass')),
        0
      ) AS "cache_asked_bytes"
    FROM "ways" AS "t0"
  ) AS "t4"
  CROSS JOIN (
    SELECT
      COALESCE(
        SUM(CAST("t1"."downloads" AS DECIMAL(38, 0))) FILTER(WHERE
          (
            "t1"."software_kind" = 'installer'
          )
          AND (
            "t1"."tool_ecosystem" = "t1"."ecosystem"
          )
          AND (
            "t1"."ecosystem" <> ''
          )),
        0
      ) AS "downloads_rust_like"
    FROM "visits" AS "t1"
  ) AS "t5"
) AS "t6"
;

-- query window: minutes parameters
SELECT
  "t7"."since",
  "t7"."until",
  "t7"."seconds",
  "t7"."requests",
  CAST("t7"."requests" AS DOUBLE) / NULLIF("t7"."seconds", 0) AS "mean",
  "t7"."peak" / 60.0 AS "peak",
  "t7"."peak_at"
FROM (
  SELECT
    "t4"."since",
    "t4"."until",
    "t4"."requests",
    "t4"."peak",
    CASE
      WHEN (
        SELECT
          "t1"."window"
        FROM "parameters" AS "t1"
      ) > 0
      THEN (
        SELECT
          "t1"."window"
        FROM "parameters" AS "t1"
      )
      ELSE CAST((
        CAST(FLOOR("t4"."until") AS BIGINT) - CAST(FLOOR("t4"."since") AS BIGINT)
      ) + 1 AS DOUBLE)
    END AS "seconds",
    (
      SELECT
        MIN("t5"."minute") AS "Min(minute)"
      FROM (
        SELECT
          *
        FROM "minutes" AS "t0"
        WHERE
          "t0"."requests" = (
            SELECT
              MAX("t0"."requests") AS "Max(requests)"
            FROM "minutes" AS "t0"
          )
      ) AS "t5"
    ) * 60 AS "peak_at"
  FROM (
    SELECT
      COALESCE(MIN("t0"."first"), 0.0) AS "since",
      COALESCE(MAX("t0"."last"), 0.0) AS "until",
      COALESCE(SUM(CAST("t0"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(MAX("t0"."requests"), 0) AS "peak"
    FROM "minutes" AS "t0"
  ) AS "t4"
) AS "t7"
;

-- query distinct: documents items packages visits
SELECT
  "t11"."addresses",
  "t11"."networks",
  "t11"."consumers",
  "t11"."streams",
  "t11"."software",
  "t11"."ecosystems",
  "t7"."files",
  "t8"."documents",
  "t9"."packages"
FROM (
  SELECT
    COUNT(DISTINCT "t0"."client") FILTER(WHERE
      "t0"."client" >= 0) AS "addresses",
    COUNT(DISTINCT "t0"."network") FILTER(WHERE
      "t0"."network" >= 0) AS "networks",
    COUNT(DISTINCT "t0"."consumer") FILTER(WHERE
      "t0"."consumer" >= 0) AS "consumers",
    COUNT(DISTINCT "t0"."stream") FILTER(WHERE
      "t0"."stream" >= 0) AS "streams",
    COUNT(DISTINCT "t0"."software") FILTER(WHERE
      "t0"."software" <> '') AS "software",
    COUNT(DISTINCT "t0"."ecosystem") FILTER(WHERE
      "t0"."ecosystem" <> '') AS "ecosystems"
  FROM "visits" AS "t0"
) AS "t11"
CROSS JOIN (
  SELECT
    COUNT(*) AS "files"
  FROM "items" AS "t1"
) AS "t7"
CROSS JOIN (
  SELECT
    COUNT(*) AS "documents"
  FROM "documents" AS "t2"
) AS "t8"
CROSS JOIN (
  SELECT
    COUNT(*) AS "packages"
  FROM "packages" AS "t3"
) AS "t9"
;

-- query counter: facts fetched parameters streams
WITH "t10" AS (
  SELECT
    "t7"."stream",
    "t7"."client",
    "t7"."item",
    "t7"."at",
    "t7"."status",
    "t7"."sent"
  FROM (
    SELECT
      "t1"."stream",
      "t1"."client",
      "t1"."item",
      "t1"."at",
      "t1"."status",
      "t1"."sent"
    FROM "facts" AS "t1"
    WHERE
      "t1"."kind" <> 'own'
      AND "t1"."kind" = 'artifact'
      AND "t1"."status" IN (200, 206, 304)
      AND "t1"."method" IN ('GET', '')
  ) AS "t7"
  ANTI JOIN (
    SELECT
      *
    FROM "streams" AS "t2"
    WHERE
      "t2"."software_kind" IN ('mirror', 'update-bot', 'scanner', 'search', 'ai-training', 'monitor', 'preview')
      OR "t2"."purpose" IN (
        'mirror',
        'update-bot',
        'sca-scanner',
        'research',
        'search',
        'ai-training',
        'monitor',
        'abuse'
      )
  ) AS "t9"
    ON "t7"."stream" = "t9"."stream"
), "t14" AS (
  SELECT
    "t13"."client",
    "t13"."item",
    CAST(FLOOR("t13"."at" / 3600) AS BIGINT) AS "hour",
    MIN("t13"."at") AS "at",
    COALESCE(SUM(CAST("t13"."sent" AS DECIMAL(38, 0))), 0) AS "bytes",
    COUNT(*) FILTER(WHERE
      "t13"."sent" < 0) AS "unsized"
  FROM (
    SELECT
      *
    FROM "t10" AS "t11"
    WHERE
      "t11"."status" = 206 AND "t11"."item" >= 0
  ) AS "t13"
  GROUP BY
    1,
    2,
    3
), "t23" AS (
  SELECT
    *
  FROM (
    SELECT
      "t11"."client",
      "t11"."item",
      "t11"."at"
    FROM "t10" AS "t11"
    WHERE
      "t11"."status" <> 206
  ) AS "t12"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t21"."client",
      "t21"."item",
      "t21"."at"
    FROM (
      SELECT
        "t16"."client",
        "t16"."at",
        "t16"."item",
        "t16"."bytes",
        "t16"."unsized",
        COALESCE("t20"."size", 0) AS "size"
      FROM "t14" AS "t16"
      LEFT OUTER JOIN (
        SELECT
          "t18"."item",
          MAX("t18"."largest") AS "size"
        FROM (
          SELECT
            "t4"."client",
            "t4"."consumer",
            "t4"."item",
            "t4"."network",
            "t4"."artifact",
            "t4"."requests",
            "t4"."bytes",
            "t4"."largest",
            "t4"."unsized"
          FROM "fetched" AS "t4"
          SEMI JOIN "t14" AS "t17"
            ON "t4"."item" = "t17"."item"
        ) AS "t18"
        GROUP BY
          1
      ) AS "t20"
        ON "t16"."item" = "t20"."item"
    ) AS "t21"
    WHERE
      (
        "t21"."unsized" > 0
      ) OR (
        "t21"."bytes" >= "t21"."size"
      )
  ) AS "t22"
)
SELECT
  "t26"."events" - "t37"."repeats" AS "downloads"
FROM (
  SELECT
    COUNT(*) AS "events"
  FROM "t23" AS "t24"
) AS "t26"
CROSS JOIN (
  SELECT
    COUNT(*) FILTER(WHERE
      (
        "t35"."at" - "t35"."before"
      ) <= (
        SELECT
          "t0"."collapse"
        FROM "parameters" AS "t0"
      )) AS "repeats"
  FROM (
    SELECT
      "t34"."client",
      "t34"."item",
      "t34"."at",
      LAG("t34"."at", 1, -1E+18) OVER (
        PARTITION BY "t34"."client", "t34"."item"
        ORDER BY "t34"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "before"
    FROM (
      SELECT
        "t33"."client",
        "t33"."item",
        "t33"."at"
      FROM (
        SELECT
          "t29"."client",
          "t29"."item",
          "t29"."at",
          "t29"."place"
        FROM (
          SELECT
            "t24"."client",
            "t24"."item",
            "t24"."at",
            (
              (
                (
                  (
                    CAST("t24"."client" AS BIGINT) * 1048583
                  ) + "t24"."item"
                ) % 1073741789
              ) * 4294967296
            ) + LEAST(GREATEST(CAST(FLOOR("t24"."at") AS BIGINT), 0), 4294967295) AS "place"
          FROM "t23" AS "t24"
          WHERE
            "t24"."client" >= 0 AND "t24"."item" >= 0
        ) AS "t29"
        SEMI JOIN (
          SELECT
            *
          FROM (
            SELECT
              "t28"."place",
              "t28"."place" - LAG("t28"."place", 1, -1099511627776) OVER (
                ORDER BY "t28"."place" ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
              ) AS "before",
              LEAD("t28"."place", 1, 4611686967615160320) OVER (
                ORDER BY "t28"."place" ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
              ) - "t28"."place" AS "after"
            FROM (
              SELECT
                (
                  (
                    (
                      (
                        CAST("t24"."client" AS BIGINT) * 1048583
                      ) + "t24"."item"
                    ) % 1073741789
                  ) * 4294967296
                ) + LEAST(GREATEST(CAST(FLOOR("t24"."at") AS BIGINT), 0), 4294967295) AS "place"
              FROM "t23" AS "t24"
              WHERE
                "t24"."client" >= 0 AND "t24"."item" >= 0
            ) AS "t28"
          ) AS "t30"
          WHERE
            (
              "t30"."before" <= (
                (
                  SELECT
                    "t0"."collapse"
                  FROM "parameters" AS "t0"
                ) + 1
              )
            )
            OR (
              "t30"."after" <= (
                (
                  SELECT
                    "t0"."collapse"
                  FROM "parameters" AS "t0"
                ) + 1
              )
            )
        ) AS "t32"
          ON "t29"."place" = "t32"."place"
      ) AS "t33"
    ) AS "t34"
  ) AS "t35"
) AS "t37"
;

-- query concentration: parameters ranked
SELECT
  "t3"."rung",
  "t3"."weight",
  "t3"."units",
  "t3"."top_units",
  "t3"."total",
  "t3"."top",
  CAST("t3"."top" AS DOUBLE) / NULLIF(CAST("t3"."total" AS DOUBLE), 0) AS "share",
  (
    (
      CAST("t3"."moment" AS DOUBLE) * 2.0
    ) / NULLIF(CAST("t3"."units" AS DOUBLE) * CAST("t3"."total" AS DOUBLE), 0)
  ) - (
    (
      CAST("t3"."units" AS DOUBLE) + 1.0
    ) / CAST("t3"."units" AS DOUBLE)
  ) AS "gini"
FROM (
  SELECT
    "t0"."rung",
    "t0"."weight",
    MAX("t0"."units") AS "units",
    MAX(
      CAST(FLOOR(
        (
          (
            "t0"."units" * (
              SELECT
                "t1"."top_millionths"
              FROM "parameters" AS "t1"
            )
          ) + 999999
        ) / (
          1000000
        )
      ) AS BIGINT)
    ) AS "top_units",
    COALESCE(SUM(CAST("t0"."value" AS DECIMAL(38, 0))), 0) AS "total",
    COALESCE(
      SUM(CAST("t0"."value" AS DECIMAL(38, 0))) FILTER(WHERE
        "t0"."rank" > (
          "t0"."units" - CAST(FLOOR(
            (
              (
                "t0"."units" * (
                  SELECT
                    "t1"."top_millionths"
                  FROM "parameters" AS "t1"
                )
              ) + 999999
            ) / (
              1000000
            )
          ) AS BIGINT)
        )),
      0
    ) AS "top",
    COALESCE(SUM(CAST("t0"."rank" AS DECIMAL(38, 0)) * CAST("t0"."value" AS DECIMAL(38, 0))), 0) AS "moment"
  FROM "ranked" AS "t0"
  GROUP BY
    1,
    2
) AS "t3"
ORDER BY
  "t3"."rung" ASC,
  "t3"."weight" ASC
;

-- query daily: parameters unit_days
WITH "t3" AS (
  SELECT
    "t0"."rung",
    "t0"."unit",
    "t0"."day",
    "t0"."requests",
    "t0"."bytes",
    "t0"."requests" AS "value",
    CAST(CAST(FLOOR(LOG(2, CAST("t0"."requests" AS DOUBLE) + 1.0)) AS BIGINT) AS INT) AS "magnitude"
  FROM "unit_days" AS "t0"
), "t4" AS (
  SELECT
    "t0"."rung",
    "t0"."unit",
    "t0"."day",
    "t0"."requests",
    "t0"."bytes",
    "t0"."bytes" AS "value",
    CAST(CAST(FLOOR(LOG(2, CAST("t0"."bytes" AS DOUBLE) + 1.0)) AS BIGINT) AS INT) AS "magnitude"
  FROM "unit_days" AS "t0"
), "t15" AS (
  SELECT
    *
  FROM (
    SELECT
      "t11"."rung",
      "t11"."day",
      "t11"."magnitude",
      "t11"."n",
      "t11"."sum",
      "t11"."units",
      "t11"."total",
      "t11"."upto",
      "t11"."sum_upto",
      CAST(FLOOR(
        (
          (
            "t11"."units" * (
              SELECT
                "t1"."top_millionths"
              FROM "parameters" AS "t1"
            )
          ) + 999999
        ) / (
          1000000
        )
      ) AS BIGINT) AS "top_units"
    FROM (
      SELECT
        "t9"."rung",
        "t9"."day",
        "t9"."magnitude",
        "t9"."n",
        "t9"."sum",
        SUM("t9"."n") OVER (
          PARTITION BY "t9"."rung", "t9"."day"
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "units",
        SUM("t9"."sum") OVER (
          PARTITION BY "t9"."rung", "t9"."day"
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "total",
        SUM("t9"."n") OVER (
          PARTITION BY "t9"."rung", "t9"."day"
          ORDER BY "t9"."magnitude" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "upto",
        SUM("t9"."sum") OVER (
          PARTITION BY "t9"."rung", "t9"."day"
          ORDER BY "t9"."magnitude" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "sum_upto"
      FROM (
        SELECT
          "t5"."rung",
          "t5"."day",
          "t5"."magnitude",
          COUNT(*) AS "n",
          COALESCE(SUM(CAST("t5"."value" AS DECIMAL(38, 0))), 0) AS "sum"
        FROM "t3" AS "t5"
        GROUP BY
          1,
          2,
          3
      ) AS "t9"
    ) AS "t11"
  ) AS "t13"
  WHERE
    "t13"."upto" >= "t13"."top_units"
    AND (
      "t13"."upto" - "t13"."n"
    ) < "t13"."top_units"
), "t16" AS (
  SELECT
    *
  FROM (
    SELECT
      "t12"."rung",
      "t12"."day",
      "t12"."magnitude",
      "t12"."n",
      "t12"."sum",
      "t12"."units",
      "t12"."total",
      "t12"."upto",
      "t12"."sum_upto",
      CAST(FLOOR(
        (
          (
            "t12"."units" * (
              SELECT
                "t1"."top_millionths"
              FROM "parameters" AS "t1"
            )
          ) + 999999
        ) / (
          1000000
        )
      ) AS BIGINT) AS "top_units"
    FROM (
      SELECT
        "t10"."rung",
        "t10"."day",
        "t10"."magnitude",
        "t10"."n",
        "t10"."sum",
        SUM("t10"."n") OVER (
          PARTITION BY "t10"."rung", "t10"."day"
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "units",
        SUM("t10"."sum") OVER (
          PARTITION BY "t10"."rung", "t10"."day"
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "total",
        SUM("t10"."n") OVER (
          PARTITION BY "t10"."rung", "t10"."day"
          ORDER BY "t10"."magnitude" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "upto",
        SUM("t10"."sum") OVER (
          PARTITION BY "t10"."rung", "t10"."day"
          ORDER BY "t10"."magnitude" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "sum_upto"
      FROM (
        SELECT
          "t6"."rung",
          "t6"."day",
          "t6"."magnitude",
          COUNT(*) AS "n",
          COALESCE(SUM(CAST("t6"."value" AS DECIMAL(38, 0))), 0) AS "sum"
        FROM "t4" AS "t6"
        GROUP BY
          1,
          2,
          3
      ) AS "t10"
    ) AS "t12"
  ) AS "t14"
  WHERE
    "t14"."upto" >= "t14"."top_units"
    AND (
      "t14"."upto" - "t14"."n"
    ) < "t14"."top_units"
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t31"."rung",
      "t31"."weight",
      "t31"."day",
      "t31"."units",
      "t31"."top_units",
      "t31"."share"
    FROM (
      SELECT
        "t19"."rung",
        "t19"."day",
        'requests' AS "weight",
        "t19"."units",
        "t19"."top_units",
        CAST((
          "t19"."sum_upto" - "t19"."sum"
        ) + "t29"."rest" AS DOUBLE) / NULLIF(CAST("t19"."total" AS DOUBLE), 0) AS "share"
      FROM "t15" AS "t19"
      INNER JOIN (
        SELECT
          "t25"."rung",
          "t25"."day",
          COALESCE(
            SUM(CAST("t25"."value" AS DECIMAL(38, 0))) FILTER(WHERE
              "t25"."place" < "t25"."left"),
            0
          ) AS "rest"
        FROM (
          SELECT
            "t23"."rung",
            "t23"."day",
            "t23"."value",
            "t23"."left",
            ROW_NUMBER() OVER (
              PARTITION BY "t23"."rung", "t23"."day"
              ORDER BY "t23"."value" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) - 1 AS "place"
          FROM (
            SELECT
              "t7"."rung",
              "t7"."day",
              "t7"."value",
              (
                "t20"."top_units" - "t20"."upto"
              ) + "t20"."n" AS "left"
            FROM "t3" AS "t7"
            INNER JOIN "t15" AS "t20"
              ON "t7"."rung" = "t20"."rung"
              AND "t7"."day" = "t20"."day"
              AND "t7"."magnitude" = "t20"."magnitude"
          ) AS "t23"
        ) AS "t25"
        GROUP BY
          1,
          2
      ) AS "t29"
        ON "t19"."rung" = "t29"."rung" AND "t19"."day" = "t29"."day"
    ) AS "t31"
  ) AS "t33"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t32"."rung",
      "t32"."weight",
      "t32"."day",
      "t32"."units",
      "t32"."top_units",
      "t32"."share"
    FROM (
      SELECT
        "t21"."rung",
        "t21"."day",
        'bytes' AS "weight",
        "t21"."units",
        "t21"."top_units",
        CAST((
          "t21"."sum_upto" - "t21"."sum"
        ) + "t30"."rest" AS DOUBLE) / NULLIF(CAST("t21"."total" AS DOUBLE), 0) AS "share"
      FROM "t16" AS "t21"
      INNER JOIN (
        SELECT
          "t26"."rung",
          "t26"."day",
          COALESCE(
            SUM(CAST("t26"."value" AS DECIMAL(38, 0))) FILTER(WHERE
              "t26"."place" < "t26"."left"),
            0
          ) AS "rest"
        FROM (
          SELECT
            "t24"."rung",
            "t24"."day",
            "t24"."value",
            "t24"."left",
            ROW_NUMBER() OVER (
              PARTITION BY "t24"."rung", "t24"."day"
              ORDER BY "t24"."value" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) - 1 AS "place"
          FROM (
            SELECT
              "t8"."rung",
              "t8"."day",
              "t8"."value",
              (
                "t22"."top_units" - "t22"."upto"
              ) + "t22"."n" AS "left"
            FROM "t4" AS "t8"
            INNER JOIN "t16" AS "t22"
              ON "t8"."rung" = "t22"."rung"
              AND "t8"."day" = "t22"."day"
              AND "t8"."magnitude" = "t22"."magnitude"
          ) AS "t24"
        ) AS "t26"
        GROUP BY
          1,
          2
      ) AS "t30"
        ON "t21"."rung" = "t30"."rung" AND "t21"."day" = "t30"."day"
    ) AS "t32"
  ) AS "t34"
) AS "t35"
ORDER BY
  "t35"."rung" ASC,
  "t35"."weight" ASC,
  "t35"."day" ASC
;

-- query lorenz: ranked
SELECT
  *
FROM (
  SELECT
    "t0"."rung",
    "t0"."weight",
    CAST(FLOOR(
      (
        (
          (
            "t0"."rank" * 100
          ) + "t0"."units"
        ) - 1
      ) / (
        "t0"."units"
      )
    ) AS BIGINT) AS "percent",
    COALESCE(SUM(CAST("t0"."value" AS DECIMAL(38, 0))), 0) AS "value"
  FROM "ranked" AS "t0"
  GROUP BY
    1,
    2,
    3
) AS "t1"
ORDER BY
  "t1"."rung" ASC,
  "t1"."weight" ASC,
  "t1"."percent" ASC
;

-- query providers: clients visits
SELECT
  "t8"."value",
  "t8"."addresses",
  "t8"."requests",
  "t8"."downloads",
  "t8"."bytes",
  "t8"."addresses_share",
  "t8"."requests_share",
  "t8"."downloads_share",
  "t8"."bytes_share",
  "t8"."downloads_share" / NULLIF("t8"."addresses_share", 0) AS "amplification"
FROM (
  SELECT
    "t7"."value",
    "t7"."addresses",
    "t7"."requests",
    "t7"."downloads",
    "t7"."bytes",
    CAST("t7"."addresses" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."addresses") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "addresses_share",
    CAST("t7"."requests" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "requests_share",
    CAST("t7"."downloads" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "downloads_share",
    CAST("t7"."bytes" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "bytes_share"
  FROM (
    SELECT
      "t6"."value",
      COUNT(*) AS "addresses",
      COALESCE(SUM(CAST("t6"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(SUM(CAST("t6"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
      COALESCE(SUM(CAST("t6"."bytes" AS DECIMAL(38, 0))), 0) AS "bytes"
    FROM (
      SELECT
        "t5"."client",
        "t5"."requests",
        "t5"."downloads",
        "t5"."bytes",
        COALESCE("t2"."provider", '') AS "value"
      FROM (
        SELECT
          "t3"."client",
          SUM("t3"."requests") AS "requests",
          SUM("t3"."downloads") AS "downloads",
          SUM("t3"."bytes") AS "bytes"
        FROM (
          SELECT
            *
          FROM "visits" AS "t1"
          WHERE
            "t1"."client" >= 0
        ) AS "t3"
        GROUP BY
          1
      ) AS "t5"
      LEFT OUTER JOIN "clients" AS "t2"
        ON "t5"."client" = "t2"."client"
    ) AS "t6"
    GROUP BY
      1
  ) AS "t7"
) AS "t8"
ORDER BY
  "t8"."requests" DESC,
  "t8"."value" ASC
;

-- query origins: clients visits
SELECT
  "t8"."value",
  "t8"."addresses",
  "t8"."requests",
  "t8"."downloads",
  "t8"."bytes",
  "t8"."addresses_share",
  "t8"."requests_share",
  "t8"."downloads_share",
  "t8"."bytes_share",
  "t8"."downloads_share" / NULLIF("t8"."addresses_share", 0) AS "amplification"
FROM (
  SELECT
    "t7"."value",
    "t7"."addresses",
    "t7"."requests",
    "t7"."downloads",
    "t7"."bytes",
    CAST("t7"."addresses" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."addresses") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "addresses_share",
    CAST("t7"."requests" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "requests_share",
    CAST("t7"."downloads" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "downloads_share",
    CAST("t7"."bytes" AS DOUBLE) / NULLIF(
      CAST(SUM("t7"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "bytes_share"
  FROM (
    SELECT
      "t6"."value",
      COUNT(*) AS "addresses",
      COALESCE(SUM(CAST("t6"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(SUM(CAST("t6"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
      COALESCE(SUM(CAST("t6"."bytes" AS DECIMAL(38, 0))), 0) AS "bytes"
    FROM (
      SELECT
        "t5"."client",
        "t5"."requests",
        "t5"."downloads",
        "t5"."bytes",
        COALESCE("t2"."origin", '') AS "value"
      FROM (
        SELECT
          "t3"."client",
          SUM("t3"."requests") AS "requests",
          SUM("t3"."downloads") AS "downloads",
          SUM("t3"."bytes") AS "bytes"
        FROM (
          SELECT
            *
          FROM "visits" AS "t1"
          WHERE
            "t1"."client" >= 0
        ) AS "t3"
        GROUP BY
          1
      ) AS "t5"
      LEFT OUTER JOIN "clients" AS "t2"
        ON "t5"."client" = "t2"."client"
    ) AS "t6"
    GROUP BY
      1
  ) AS "t7"
) AS "t8"
ORDER BY
  "t8"."requests" DESC,
  "t8"."value" ASC
;

-- query files: fetched visits
WITH "t2" AS (
  SELECT
    *
  FROM "fetched" AS "t0"
  WHERE
    "t0"."client" >= 0
), "t3" AS (
  SELECT
    *
  FROM "fetched" AS "t0"
  WHERE
    "t0"."consumer" >= 0
), "t4" AS (
  SELECT
    *
  FROM "fetched" AS "t0"
  WHERE
    "t0"."network" >= 0
)
SELECT
  "t45"."rung",
  "t45"."downloads",
  "t45"."download_pairs",
  "t45"."requests",
  "t45"."bytes",
  "t45"."unsized",
  CAST("t45"."downloads" AS DOUBLE) / NULLIF(CAST("t45"."download_pairs" AS DOUBLE), 0) AS "repeat_factor"
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS "rung",
        "t39"."downloads",
        "t39"."download_pairs",
        "t39"."requests",
        "t39"."bytes",
        "t39"."unsized"
      FROM (
        SELECT
          "t20"."downloads",
          "t20"."artifacts" - "t36"."less_downloads" AS "download_pairs",
          "t20"."fetched" - (
            "t20"."rows" - "t36"."less_pairs"
          ) AS "requests",
          "t20"."sent" - (
            "t20"."kept" - "t36"."less_kept"
          ) AS "bytes",
          "t20"."unsized"
        FROM (
          SELECT
            COUNT(*) AS "rows",
            COUNT(*) FILTER(WHERE
              "t5"."artifact") AS "artifacts",
            COALESCE(SUM("t5"."requests"), 0) AS "fetched",
            COALESCE(SUM("t5"."requests") FILTER(WHERE
              "t5"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t5"."bytes"), 0) AS "sent",
            COALESCE(SUM("t5"."largest"), 0) AS "kept",
            COALESCE(SUM("t5"."unsized"), 0) AS "unsized"
          FROM "t2" AS "t5"
        ) AS "t20"
        CROSS JOIN (
          SELECT
            COALESCE(SUM("t30"."rows" - 1), 0) AS "less_pairs",
            COALESCE(SUM("t30"."rows" - 1) FILTER(WHERE
              "t30"."artifact"), 0) AS "less_downloads",
            COALESCE(SUM("t30"."sum" - "t30"."largest"), 0) AS "less_kept"
          FROM (
            SELECT
              "t27"."pair",
              COUNT(*) AS "rows",
              BOOL_OR(CAST("t27"."artifact" AS BOOLEAN)) AS "artifact",
              SUM("t27"."largest") AS "sum",
              MAX("t27"."largest") AS "largest"
            FROM (
              SELECT
                "t11"."artifact",
                "t11"."largest",
                (
                  CAST("t11"."client" AS BIGINT) * 4294967296
                ) + "t11"."item" AS "pair"
              FROM "t2" AS "t11"
              SEMI JOIN (
                SELECT
                  *
                FROM (
                  SELECT
                    "t1"."client" AS "unit",
                    MAX("t1"."client") - MIN("t1"."client") AS "clients",
                    MAX("t1"."consumer") - MIN("t1"."consumer") AS "consumers"
                  FROM "visits" AS "t1"
                  GROUP BY
                    1
                ) AS "t9"
                WHERE
                  (
                    "t9"."clients" > 0
                  ) OR (
                    "t9"."consumers" > 0
                  )
              ) AS "t24"
                ON "t11"."client" = "t24"."unit"
            ) AS "t27"
            GROUP BY
              1
          ) AS "t30"
        ) AS "t36"
      ) AS "t39"
    ) AS "t42"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        'network' AS "rung",
        "t40"."downloads",
        "t40"."download_pairs",
        "t40"."requests",
        "t40"."bytes",
        "t40"."unsized"
      FROM (
        SELECT
          "t22"."downloads",
          "t22"."artifacts" - "t37"."less_downloads" AS "download_pairs",
          "t22"."fetched" - (
            "t22"."rows" - "t37"."less_pairs"
          ) AS "requests",
          "t22"."sent" - (
            "t22"."kept" - "t37"."less_kept"
          ) AS "bytes",
          "t22"."unsized"
        FROM (
          SELECT
            COUNT(*) AS "rows",
            COUNT(*) FILTER(WHERE
              "t7"."artifact") AS "artifacts",
            COALESCE(SUM("t7"."requests"), 0) AS "fetched",
            COALESCE(SUM("t7"."requests") FILTER(WHERE
              "t7"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t7"."bytes"), 0) AS "sent",
            COALESCE(SUM("t7"."largest"), 0) AS "kept",
            COALESCE(SUM("t7"."unsized"), 0) AS "unsized"
          FROM "t4" AS "t7"
        ) AS "t22"
        CROSS JOIN (
          SELECT
            COALESCE(SUM("t31"."rows" - 1), 0) AS "less_pairs",
            COALESCE(SUM("t31"."rows" - 1) FILTER(WHERE
              "t31"."artifact"), 0) AS "less_downloads",
            COALESCE(SUM("t31"."sum" - "t31"."largest"), 0) AS "less_kept"
          FROM (
            SELECT
              "t28"."pair",
              COUNT(*) AS "rows",
              BOOL_OR(CAST("t28"."artifact" AS BOOLEAN)) AS "artifact",
              SUM("t28"."largest") AS "sum",
              MAX("t28"."largest") AS "largest"
            FROM (
              SELECT
                "t13"."artifact",
                "t13"."largest",
                (
                  CAST("t13"."network" AS BIGINT) * 4294967296
                ) + "t13"."item" AS "pair"
              FROM "t4" AS "t13"
              SEMI JOIN (
                SELECT
                  *
                FROM (
                  SELECT
                    "t1"."network" AS "unit",
                    MAX("t1"."client") - MIN("t1"."client") AS "clients",
                    MAX("t1"."consumer") - MIN("t1"."consumer") AS "consumers"
                  FROM "visits" AS "t1"
                  GROUP BY
                    1
                ) AS "t10"
                WHERE
                  (
                    "t10"."clients" > 0
                  ) OR (
                    "t10"."consumers" > 0
                  )
              ) AS "t25"
                ON "t13"."network" = "t25"."unit"
            ) AS "t28"
            GROUP BY
              1
          ) AS "t31"
        ) AS "t37"
      ) AS "t40"
    ) AS "t43"
  ) AS "t44"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'consumer' AS "rung",
      "t38"."downloads",
      "t38"."download_pairs",
      "t38"."requests",
      "t38"."bytes",
      "t38"."unsized"
    FROM (
      SELECT
        "t21"."downloads",
        "t21"."artifacts" - "t35"."less_downloads" AS "download_pairs",
        "t21"."fetched" - (
          "t21"."rows" - "t35"."less_pairs"
        ) AS "requests",
        "t21"."sent" - (
          "t21"."kept" - "t35"."less_kept"
        ) AS "bytes",
        "t21"."unsized"
      FROM (
        SELECT
          COUNT(*) AS "rows",
          COUNT(*) FILTER(WHERE
            "t6"."artifact") AS "artifacts",
          COALESCE(SUM("t6"."requests"), 0) AS "fetched",
          COALESCE(SUM("t6"."requests") FILTER(WHERE
            "t6"."artifact"), 0) AS "downloads",
          COALESCE(SUM("t6"."bytes"), 0) AS "sent",
          COALESCE(SUM("t6"."largest"), 0) AS "kept",
          COALESCE(SUM("t6"."unsized"), 0) AS "unsized"
        FROM "t3" AS "t6"
      ) AS "t21"
      CROSS JOIN (
        SELECT
          COALESCE(SUM("t29"."rows" - 1), 0) AS "less_pairs",
          COALESCE(SUM("t29"."rows" - 1) FILTER(WHERE
            "t29"."artifact"), 0) AS "less_downloads",
          COALESCE(SUM("t29"."sum" - "t29"."largest"), 0) AS "less_kept"
        FROM (
          SELECT
            "t26"."pair",
            COUNT(*) AS "rows",
            BOOL_OR(CAST("t26"."artifact" AS BOOLEAN)) AS "artifact",
            SUM("t26"."largest") AS "sum",
            MAX("t26"."largest") AS "largest"
          FROM (
            SELECT
              "t12"."artifact",
              "t12"."largest",
              (
                CAST("t12"."consumer" AS BIGINT) * 4294967296
              ) + "t12"."item" AS "pair"
            FROM "t3" AS "t12"
            SEMI JOIN (
              SELECT
                *
              FROM (
                SELECT
                  "t1"."consumer" AS "unit",
                  MAX("t1"."client") - MIN("t1"."client") AS "clients",
                  MAX("t1"."consumer") - MIN("t1"."consumer") AS "consumers"
                FROM "visits" AS "t1"
                GROUP BY
                  1
              ) AS "t8"
              WHERE
                (
                  "t8"."clients" > 0
                ) OR (
                  "t8"."consumers" > 0
                )
            ) AS "t23"
              ON "t12"."consumer" = "t23"."unit"
          ) AS "t26"
          GROUP BY
            1
        ) AS "t29"
      ) AS "t35"
    ) AS "t38"
  ) AS "t41"
) AS "t45"
ORDER BY
  "t45"."rung" ASC
;

-- query short: chained parameters
SELECT
  *
FROM (
  SELECT
    "t4"."rung",
    SUM("t4"."requests" - 1) AS "requests",
    SUM("t4"."bytes") AS "bytes",
    SUM("t4"."unsized") AS "unsized"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t0"."rung",
        "t0"."pair",
        "t0"."chain",
        COUNT(*) AS "requests",
        COALESCE(SUM(GREATEST("t0"."sent", 0)) FILTER(WHERE
          "t0"."begins" = 0), 0) AS "bytes",
        COUNT(*) FILTER(WHERE
          (
            "t0"."begins" = 0
          ) AND (
            "t0"."sent" < 0
          )) AS "unsized",
        MAX("t0"."at") - MIN("t0"."at") AS "span"
      FROM "chained" AS "t0"
      GROUP BY
        1,
        2,
        3
    ) AS "t3"
    WHERE
      "t3"."span" < (
        SELECT
          "t1"."fresh"
        FROM "parameters" AS "t1"
      )
  ) AS "t4"
  GROUP BY
    1
) AS "t5"
ORDER BY
  "t5"."rung" ASC
;

-- query long: chained parameters
SELECT
  *
FROM (
  SELECT
    "t2"."rung",
    "t2"."pair",
    "t2"."chain",
    "t2"."at",
    "t2"."sent"
  FROM "chained" AS "t2"
  SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t0"."rung",
        "t0"."pair",
        "t0"."chain",
        COUNT(*) AS "requests",
        COALESCE(SUM(GREATEST("t0"."sent", 0)) FILTER(WHERE
          "t0"."begins" = 0), 0) AS "bytes",
        COUNT(*) FILTER(WHERE
          (
            "t0"."begins" = 0
          ) AND (
            "t0"."sent" < 0
          )) AS "unsized",
        MAX("t0"."at") - MIN("t0"."at") AS "span"
      FROM "chained" AS "t0"
      GROUP BY
        1,
        2,
        3
    ) AS "t4"
    WHERE
      "t4"."span" >= (
        SELECT
          "t1"."fresh"
        FROM "parameters" AS "t1"
      )
  ) AS "t6"
    ON "t2"."rung" = "t6"."rung"
    AND "t2"."pair" = "t6"."pair"
    AND "t2"."chain" = "t6"."chain"
) AS "t7"
ORDER BY
  "t7"."rung" ASC,
  "t7"."pair" ASC,
  "t7"."chain" ASC,
  "t7"."at" ASC,
  "t7"."sent" DESC
;

-- query shadow: visits
SELECT
  "t17"."rung",
  "t17"."units",
  "t17"."downloads",
  "t17"."direct",
  CAST("t17"."direct" AS DOUBLE) / NULLIF(CAST("t17"."downloads" AS DOUBLE), 0) AS "share"
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS "rung",
        "t11"."units",
        "t11"."downloads",
        "t11"."direct"
      FROM (
        SELECT
          COUNT(*) AS "units",
          COALESCE(SUM(CAST("t8"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
          COALESCE(SUM(CAST("t8"."downloads" - "t8"."through" AS DECIMAL(38, 0))), 0) AS "direct"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t2"."unit",
              COUNT(*) FILTER(WHERE
                "t2"."proxy") AS "proxies",
              SUM("t2"."downloads") AS "downloads",
              COALESCE(SUM(CAST("t2"."downloads" AS DECIMAL(38, 0))) FILTER(WHERE
                "t2"."proxy"), 0) AS "through"
            FROM (
              SELECT
                "t0"."day",
                "t0"."stream",
                "t0"."client",
                "t0"."network",
                "t0"."consumer",
                "t0"."ecosystem",
                "t0"."requests",
                "t0"."downloads",
                "t0"."bytes",
                "t0"."software",
                "t0"."software_kind",
                "t0"."purpose",
                "t0"."tool_ecosystem",
                "t0"."client" AS "unit",
                (
                  "t0"."software_kind" = 'caching-proxy'
                )
                OR (
                  "t0"."purpose" = 'caching-proxy'
                ) AS "proxy"
              FROM "visits" AS "t0"
              WHERE
                "t0"."client" >= 0
            ) AS "t2"
            GROUP BY
              1
          ) AS "t5"
          WHERE
            "t5"."proxies" > 0
        ) AS "t8"
      ) AS "t11"
    ) AS "t14"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        'network' AS "rung",
        "t12"."units",
        "t12"."downloads",
        "t12"."direct"
      FROM (
        SELECT
          COUNT(*) AS "units",
          COALESCE(SUM(CAST("t9"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
          COALESCE(SUM(CAST("t9"."downloads" - "t9"."through" AS DECIMAL(38, 0))), 0) AS "direct"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t3"."unit",
              COUNT(*) FILTER(WHERE
                "t3"."proxy") AS "proxies",
              SUM("t3"."downloads") AS "downloads",
              COALESCE(SUM(CAST("t3"."downloads" AS DECIMAL(38, 0))) FILTER(WHERE
                "t3"."proxy"), 0) AS "through"
            FROM (
              SELECT
                "t0"."day",
                "t0"."stream",
                "t0"."client",
                "t0"."network",
                "t0"."consumer",
                "t0"."ecosystem",
                "t0"."requests",
                "t0"."downloads",
                "t0"."bytes",
                "t0"."software",
                "t0"."software_kind",
                "t0"."purpose",
                "t0"."tool_ecosystem",
                "t0"."network" AS "unit",
                (
                  "t0"."software_kind" = 'caching-proxy'
                )
                OR (
                  "t0"."purpose" = 'caching-proxy'
                ) AS "proxy"
              FROM "visits" AS "t0"
              WHERE
                "t0"."network" >= 0
            ) AS "t3"
            GROUP BY
              1
          ) AS "t6"
          WHERE
            "t6"."proxies" > 0
        ) AS "t9"
      ) AS "t12"
    ) AS "t15"
  ) AS "t16"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'consumer' AS "rung",
      "t10"."units",
      "t10"."downloads",
      "t10"."direct"
    FROM (
      SELECT
        COUNT(*) AS "units",
        COALESCE(SUM(CAST("t7"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
        COALESCE(SUM(CAST("t7"."downloads" - "t7"."through" AS DECIMAL(38, 0))), 0) AS "direct"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t1"."unit",
            COUNT(*) FILTER(WHERE
              "t1"."proxy") AS "proxies",
            SUM("t1"."downloads") AS "downloads",
            COALESCE(SUM(CAST("t1"."downloads" AS DECIMAL(38, 0))) FILTER(WHERE
              "t1"."proxy"), 0) AS "through"
          FROM (
            SELECT
              "t0"."day",
              "t0"."stream",
              "t0"."client",
              "t0"."network",
              "t0"."consumer",
              "t0"."ecosystem",
              "t0"."requests",
              "t0"."downloads",
              "t0"."bytes",
              "t0"."software",
              "t0"."software_kind",
              "t0"."purpose",
              "t0"."tool_ecosystem",
              "t0"."consumer" AS "unit",
              (
                "t0"."software_kind" = 'caching-proxy'
              )
              OR (
                "t0"."purpose" = 'caching-proxy'
              ) AS "proxy"
            FROM "visits" AS "t0"
            WHERE
              "t0"."consumer" >= 0
          ) AS "t1"
          GROUP BY
            1
        ) AS "t4"
        WHERE
          "t4"."proxies" > 0
      ) AS "t7"
    ) AS "t10"
  ) AS "t13"
) AS "t17"
WHERE
  "t17"."rung" <> 'address'
ORDER BY
  "t17"."rung" ASC
;

-- query breadth: items taken
SELECT
  "t8"."packages",
  "t8"."versions",
  "t8"."most",
  CAST("t8"."versions" AS DOUBLE) / NULLIF(CAST("t8"."packages" AS DOUBLE), 0) AS "mean"
FROM (
  SELECT
    COUNT(*) AS "packages",
    COALESCE(SUM(CAST("t7"."versions" AS DECIMAL(38, 0))), 0) AS "versions",
    COALESCE(MAX("t7"."versions"), 0) AS "most"
  FROM (
    SELECT
      "t6"."package",
      COUNT(DISTINCT "t6"."version") AS "versions"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t4"."item",
          "t4"."package",
          "t4"."version"
        FROM (
          SELECT
            "t0"."item",
            "t0"."package",
            "t0"."version"
          FROM "items" AS "t0"
        ) AS "t4"
        SEMI JOIN "taken" AS "t2"
          ON "t4"."item" = "t2"."item"
      ) AS "t5"
      WHERE
        "t5"."package" >= 0 AND "t5"."version" <> ''
    ) AS "t6"
    GROUP BY
      1
  ) AS "t7"
) AS "t8"
;

-- query purposes: visits
SELECT
  *
FROM (
  SELECT
    "t1"."value",
    "t1"."requests",
    "t1"."downloads",
    "t1"."bytes",
    "t1"."streams",
    CAST("t1"."requests" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."purpose" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))), 0) AS "bytes",
      COUNT(DISTINCT "t0"."stream") FILTER(WHERE
        "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      1
  ) AS "t1"
) AS "t2"
ORDER BY
  "t2"."requests" DESC,
  "t2"."value" ASC
;

-- query ecosystems: visits
SELECT
  *
FROM (
  SELECT
    "t1"."value",
    "t1"."requests",
    "t1"."downloads",
    "t1"."bytes",
    "t1"."streams",
    CAST("t1"."requests" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."ecosystem" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))), 0) AS "bytes",
      COUNT(DISTINCT "t0"."stream") FILTER(WHERE
        "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      1
  ) AS "t1"
) AS "t2"
ORDER BY
  "t2"."requests" DESC,
  "t2"."value" ASC
;

-- query softwares: visits
SELECT
  *
FROM (
  SELECT
    "t1"."value",
    "t1"."requests",
    "t1"."downloads",
    "t1"."bytes",
    "t1"."streams",
    CAST("t1"."requests" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."software" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))), 0) AS "bytes",
      COUNT(DISTINCT "t0"."stream") FILTER(WHERE
        "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      1
  ) AS "t1"
) AS "t2"
ORDER BY
  "t2"."requests" DESC,
  "t2"."value" ASC
;

-- query software_kinds: visits
SELECT
  *
FROM (
  SELECT
    "t1"."value",
    "t1"."requests",
    "t1"."downloads",
    "t1"."bytes",
    "t1"."streams",
    CAST("t1"."requests" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS DOUBLE) / NULLIF(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."software_kind" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS DECIMAL(38, 0))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS DECIMAL(38, 0))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS DECIMAL(38, 0))), 0) AS "bytes",
      COUNT(DISTINCT "t0"."stream") FILTER(WHERE
        "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      1
  ) AS "t1"
) AS "t2"
ORDER BY
  "t2"."requests" DESC,
  "t2"."value" ASC
;

-- query coverage: items parameters taken
SELECT
  "t11"."packages",
  "t11"."catalogue",
  CAST("t11"."packages" AS DOUBLE) / NULLIF(CAST("t11"."catalogue" AS DOUBLE), 0) AS "share"
FROM (
  SELECT
    "t10"."packages",
    "t6"."catalogue"
  FROM (
    SELECT
      COUNT(DISTINCT "t8"."package") FILTER(WHERE
        "t8"."package" >= 0) AS "packages"
    FROM (
      SELECT
        "t7"."item",
        "t7"."package",
        "t7"."version"
      FROM (
        SELECT
          "t1"."item",
          "t1"."package",
          "t1"."version"
        FROM "items" AS "t1"
      ) AS "t7"
      SEMI JOIN "taken" AS "t3"
        ON "t7"."item" = "t3"."item"
    ) AS "t8"
  ) AS "t10"
  CROSS JOIN (
    SELECT
      "t0"."catalogue"
    FROM "parameters" AS "t0"
  ) AS "t6"
) AS "t11"
;

-- query lag: facts items published
SELECT
  COUNT(*) AS "downloads",
  CASE
    WHEN COUNT(*) > 0
    THEN MIN("t12"."lag") FILTER(WHERE
      (
        "t12"."rank" * 100
      ) >= (
        "t12"."downloads" * 10
      ))
    ELSE CAST(NULL AS DOUBLE)
  END AS "p10",
  CASE
    WHEN COUNT(*) > 0
    THEN MIN("t12"."lag") FILTER(WHERE
      (
        "t12"."rank" * 100
      ) >= (
        "t12"."downloads" * 50
      ))
    ELSE CAST(NULL AS DOUBLE)
  END AS "p50",
  CASE
    WHEN COUNT(*) > 0
    THEN MIN("t12"."lag") FILTER(WHERE
      (
        "t12"."rank" * 100
      ) >= (
        "t12"."downloads" * 90
      ))
    ELSE CAST(NULL AS DOUBLE)
  END AS "p90",
  CAST(COUNT(*) FILTER(WHERE
    "t12"."lag" <= 300) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "within_5min",
  CAST(COUNT(*) FILTER(WHERE
    "t12"."lag" <= 3600) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "within_1h",
  CAST(COUNT(*) FILTER(WHERE
    "t12"."lag" <= 86400) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "within_1d"
FROM (
  SELECT
    "t11"."lag",
    (
      ROW_NUMBER() OVER (ORDER BY "t11"."lag" ASC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - 1
    ) + 1 AS "rank",
    COUNT(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "downloads"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t6"."at" - "t9"."published_at" AS "lag"
      FROM (
        SELECT
          *
        FROM "facts" AS "t0"
        WHERE
          "t0"."kind" <> 'own'
          AND "t0"."status" = 200
          AND "t0"."method" IN ('GET', '')
          AND "t0"."kind" = 'artifact'
      ) AS "t6"
      INNER JOIN (
        SELECT
          "t3"."item",
          "t7"."published_at"
        FROM "items" AS "t3"
        INNER JOIN (
          SELECT
            "t2"."purl",
            MIN("t2"."at") AS "published_at"
          FROM "published" AS "t2"
          GROUP BY
            1
        ) AS "t7"
          ON "t3"."purl" = "t7"."purl"
      ) AS "t9"
        ON "t6"."item" = "t9"."item"
    ) AS "t10"
    WHERE
      "t10"."lag" >= 0
  ) AS "t11"
) AS "t12"
;

-- query chase: facts items parameters published ways
SELECT
  "t12"."requests",
  "t20"."chased",
  CAST("t20"."chased" AS DOUBLE) / NULLIF(CAST("t12"."requests" AS DOUBLE), 0) AS "share"
FROM (
  SELECT
    COALESCE(SUM(CAST("t18"."requests" AS DECIMAL(38, 0))), 0) AS "chased"
  FROM (
    SELECT DISTINCT
      "t17"."package",
      "t17"."moment",
      "t17"."requests"
    FROM (
      SELECT
        "t13"."package",
        "t13"."moment",
        "t13"."requests",
        "t16"."published_at"
      FROM (
        SELECT
          "t7"."package",
          "t7"."at" AS "moment",
          COUNT(*) AS "requests"
        FROM (
          SELECT
            *
          FROM "facts" AS "t2"
          WHERE
            "t2"."kind" <> 'own' AND "t2"."package" >= 0
        ) AS "t7"
        GROUP BY
          1,
          2
      ) AS "t13"
      INNER JOIN (
        SELECT DISTINCT
          *
        FROM (
          SELECT
            "t5"."package",
            "t9"."published_at"
          FROM "items" AS "t5"
          INNER JOIN (
            SELECT
              "t4"."purl",
              MIN("t4"."at") AS "published_at"
            FROM "published" AS "t4"
            GROUP BY
              1
          ) AS "t9"
            ON "t5"."purl" = "t9"."purl"
        ) AS "t14"
        WHERE
          "t14"."package" >= 0
      ) AS "t16"
        ON "t13"."package" = "t16"."package"
    ) AS "t17"
    WHERE
      (
        "t17"."moment" - "t17"."published_at"
      ) >= 0
      AND (
        "t17"."moment" - "t17"."published_at"
      ) <= (
        SELECT
          "t1"."chase"
        FROM "parameters" AS "t1"
      )
  ) AS "t18"
) AS "t20"
CROSS JOIN (
  SELECT
    COALESCE(SUM(CAST("t0"."requests" AS DECIMAL(38, 0))), 0) AS "requests"
  FROM "ways" AS "t0"
) AS "t12"
;

-- query bounded_client: facts
SELECT
  "t0"."client" AS "unit",
  "t0"."at",
  "t0"."item",
  "t0"."sent"
FROM "facts" AS "t0"
WHERE
  "t0"."kind" <> 'own'
  AND "t0"."item" >= 0
  AND "t0"."status" = 200
  AND "t0"."method" IN ('GET', '')
  AND "t0"."client" >= 0
ORDER BY
  "t0"."client" ASC,
  "t0"."at" ASC,
  "t0"."item" ASC,
  "t0"."sent" DESC
;

-- query bounded_network: facts
SELECT
  "t0"."network" AS "unit",
  "t0"."at",
  "t0"."item",
  "t0"."sent"
FROM "facts" AS "t0"
WHERE
  "t0"."kind" <> 'own'
  AND "t0"."item" >= 0
  AND "t0"."status" = 200
  AND "t0"."method" IN ('GET', '')
  AND "t0"."network" >= 0
ORDER BY
  "t0"."network" ASC,
  "t0"."at" ASC,
  "t0"."item" ASC,
  "t0"."sent" DESC
;

-- query bounded_consumer: facts
SELECT
  "t0"."consumer" AS "unit",
  "t0"."at",
  "t0"."item",
  "t0"."sent"
FROM "facts" AS "t0"
WHERE
  "t0"."kind" <> 'own'
  AND "t0"."item" >= 0
  AND "t0"."status" = 200
  AND "t0"."method" IN ('GET', '')
  AND "t0"."consumer" >= 0
ORDER BY
  "t0"."consumer" ASC,
  "t0"."at" ASC,
  "t0"."item" ASC,
  "t0"."sent" DESC
;

-- query bounded_all: facts
SELECT
  0 AS "unit",
  "t0"."at",
  "t0"."item",
  "t0"."sent"
FROM "facts" AS "t0"
WHERE
  "t0"."kind" <> 'own'
  AND "t0"."item" >= 0
  AND "t0"."status" = 200
  AND "t0"."method" IN ('GET', '')
ORDER BY
  "t0"."at" ASC,
  "t0"."item" ASC,
  "t0"."sent" DESC
;

-- time hour: at
CAST(FLOOR("at" / 3600) AS BIGINT)
;

-- time day: at
CAST(FLOOR("at" / 86400) AS BIGINT)
;

-- time weekday: at
(CAST(FLOOR("at" / 86400) AS BIGINT) + 3) % 7
;

-- measure requests: 
COUNT(*)
;

-- measure bytes: sent
COALESCE(SUM(CAST(GREATEST("sent", 0) AS DECIMAL(38, 0))), 0)
;

-- measure bytes_unknown: sent
COALESCE(SUM(CAST(CAST("sent" < 0 AS BIGINT) AS DECIMAL(38, 0))), 0)
;

-- measure downloads_npm_like: kind method status
COUNT(*) FILTER(WHERE "method" IN ('GET', '') AND "status" IN (200) AND ("kind" = 'artifact'))
;

-- measure downloads_ruby_like: kind method status
COUNT(*) FILTER(WHERE "method" IN ('GET', '') AND "status" IN (200, 304) AND ("kind" = 'artifact'))
;

-- measure downloads_rust_like: ecosystem kind method software_kind status tool_ecosystem
COUNT(*) FILTER(WHERE "method" IN ('GET', '') AND "status" IN (200) AND ("kind" = 'artifact') AND (("software_kind" = 'installer') AND ("tool_ecosystem" = "ecosystem") AND ("ecosystem" <> '')))
;

-- measure download_bytes: kind method sent status
COALESCE(SUM(CAST(GREATEST("sent", 0) AS DECIMAL(38, 0))) FILTER(WHERE "method" IN ('GET', '') AND "status" IN (200) AND ("kind" = 'artifact')), 0)
;

-- measure revalidations: status
COUNT(*) FILTER(WHERE "status" = 304)
;

-- measure conditional: status
COUNT(*) FILTER(WHERE "status" IN (200, 304))
;

-- measure metadata_requests: kind
COUNT(*) FILTER(WHERE "kind" IN ('index', 'listing', 'metadata', 'config', 'derived'))
;

-- measure errors: status
COUNT(*) FILTER(WHERE "status" >= 400)
;

-- measure cache_hits: cache
COUNT(*) FILTER(WHERE "cache" IN ('hit', 'revalidated', 'stale', 'peer'))
;

-- measure cache_asked: cache
COUNT(*) FILTER(WHERE "cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass'))
;

-- measure cache_hit_bytes: cache sent
COALESCE(SUM(CAST(GREATEST("sent", 0) AS DECIMAL(38, 0))) FILTER(WHERE "cache" IN ('hit', 'revalidated', 'stale', 'peer')), 0)
;

-- measure cache_asked_bytes: cache sent
COALESCE(SUM(CAST(GREATEST("sent", 0) AS DECIMAL(38, 0))) FILTER(WHERE "cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass')), 0)
;

-- measure addresses: client
COUNT(DISTINCT "client") FILTER(WHERE "client" >= 0)
;
