-- Written by `python -m tools.queries` from the ibis expressions beside this folder; edit those instead.
-- Tables: docs/measures.md. `step` queries are to be stored under their name, in this order; `query` ones answer.

-- step spells: facts
SELECT
  CAST(CAST(FLOOR("t0"."at" / 60) AS Nullable(Int64)) AS Nullable(Int32)) AS "minute",
  "t0"."stream" AS "stream",
  "t0"."client" AS "client",
  "t0"."network" AS "network",
  "t0"."consumer" AS "consumer",
  "t0"."ecosystem" AS "ecosystem",
  "t0"."kind" AS "kind",
  "t0"."method" AS "method",
  "t0"."status" AS "status",
  "t0"."cache" AS "cache",
  COUNT(*) AS "requests",
  CAST(SUM(CAST(GREATEST("t0"."sent", 0) AS Nullable(Float64))) AS Nullable(Int64)) AS "bytes",
  countIf("t0"."sent" < 0) AS "unsized",
  MIN("t0"."at") AS "began",
  minIf("t0"."package", "t0"."package" >= 0) AS "low",
  MAX("t0"."package") AS "high"
FROM "facts" AS "t0"
GROUP BY
  CAST(CAST(FLOOR("t0"."at" / 60) AS Nullable(Int64)) AS Nullable(Int32)),
  "t0"."stream",
  "t0"."client",
  "t0"."network",
  "t0"."consumer",
  "t0"."ecosystem",
  "t0"."kind",
  "t0"."method",
  "t0"."status",
  "t0"."cache"
;

-- step ways: spells
SELECT
  "t1"."kind" AS "kind",
  "t1"."method" AS "method",
  "t1"."status" AS "status",
  "t1"."cache" AS "cache",
  CAST(SUM(CAST("t1"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "requests",
  COALESCE(SUM(CAST("t1"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
  CAST(SUM(CAST("t1"."unsized" AS Nullable(Float64))) AS Nullable(Int64)) AS "unsized"
FROM (
  SELECT
    *
  FROM "spells" AS "t0"
  WHERE
    "t0"."kind" <> 'own'
) AS "t1"
GROUP BY
  "t1"."kind",
  "t1"."method",
  "t1"."status",
  "t1"."cache"
;

-- step days: spells
SELECT
  CAST(CAST(FLOOR((
    "t1"."minute"
  ) / (
    1440
  )) AS Nullable(Int64)) AS Nullable(Int32)) AS "day",
  "t1"."stream" AS "stream",
  "t1"."client" AS "client",
  "t1"."network" AS "network",
  "t1"."consumer" AS "consumer",
  "t1"."ecosystem" AS "ecosystem",
  CAST(SUM(CAST("t1"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "requests",
  CAST(SUM(
    CAST(CASE
      WHEN "t1"."method" IN ('GET', '')
      AND "t1"."status" IN (200)
      AND (
        "t1"."kind" = 'artifact'
      )
      THEN "t1"."requests"
      ELSE 0
    END AS Nullable(Float64))
  ) AS Nullable(Int64)) AS "downloads",
  CAST(SUM(CAST("t1"."bytes" AS Nullable(Float64))) AS Nullable(Int64)) AS "bytes"
FROM (
  SELECT
    *
  FROM "spells" AS "t0"
  WHERE
    "t0"."kind" <> 'own'
) AS "t1"
GROUP BY
  CAST(CAST(FLOOR((
    "t1"."minute"
  ) / (
    1440
  )) AS Nullable(Int64)) AS Nullable(Int32)),
  "t1"."stream",
  "t1"."client",
  "t1"."network",
  "t1"."consumer",
  "t1"."ecosystem"
;

-- step visits: agents days streams
SELECT
  "t3"."day" AS "day",
  "t3"."stream" AS "stream",
  "t3"."client" AS "client",
  "t3"."network" AS "network",
  "t3"."consumer" AS "consumer",
  "t3"."ecosystem" AS "ecosystem",
  "t3"."requests" AS "requests",
  "t3"."downloads" AS "downloads",
  "t3"."bytes" AS "bytes",
  COALESCE("t7"."software", '') AS "software",
  COALESCE("t7"."software_kind", '') AS "software_kind",
  COALESCE("t7"."purpose", '') AS "purpose",
  COALESCE("t7"."tool_ecosystem", '') AS "tool_ecosystem"
FROM "days" AS "t3"
LEFT OUTER JOIN (
  SELECT
    "t4"."stream" AS "stream",
    "t4"."software" AS "software",
    "t4"."software_kind" AS "software_kind",
    "t4"."purpose" AS "purpose",
    COALESCE("t5"."ecosystem", '') AS "tool_ecosystem"
  FROM "streams" AS "t4"
  LEFT OUTER JOIN "agents" AS "t5"
    ON "t4"."agent" = "t5"."agent"
) AS "t7"
  ON "t3"."stream" = "t7"."stream"
;

-- step unit_days: days
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS "rung",
      "t4"."unit" AS "unit",
      "t4"."day" AS "day",
      "t4"."requests" AS "requests",
      "t4"."bytes" AS "bytes"
    FROM (
      SELECT
        "t1"."client" AS "unit",
        "t1"."day" AS "day",
        CAST(SUM(CAST("t1"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "requests",
        SUM("t1"."bytes") AS "bytes"
      FROM (
        SELECT
          *
        FROM "days" AS "t0"
        WHERE
          "t0"."client" >= 0
      ) AS "t1"
      GROUP BY
        "t1"."client",
        "t1"."day"
    ) AS "t4"
  ) AS "t7"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      1 AS "rung",
      "t5"."unit" AS "unit",
      "t5"."day" AS "day",
      "t5"."requests" AS "requests",
      "t5"."bytes" AS "bytes"
    FROM (
      SELECT
        "t2"."network" AS "unit",
        "t2"."day" AS "day",
        CAST(SUM(CAST("t2"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "requests",
        SUM("t2"."bytes") AS "bytes"
      FROM (
        SELECT
          *
        FROM "days" AS "t0"
        WHERE
          "t0"."network" >= 0
      ) AS "t2"
      GROUP BY
        "t2"."network",
        "t2"."day"
    ) AS "t5"
  ) AS "t8"
) AS "t10"
UNION ALL
SELECT
  *
FROM (
  SELECT
    2 AS "rung",
    "t6"."unit" AS "unit",
    "t6"."day" AS "day",
    "t6"."requests" AS "requests",
    "t6"."bytes" AS "bytes"
  FROM (
    SELECT
      "t3"."consumer" AS "unit",
      "t3"."day" AS "day",
      CAST(SUM(CAST("t3"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "requests",
      SUM("t3"."bytes") AS "bytes"
    FROM (
      SELECT
        *
      FROM "days" AS "t0"
      WHERE
        "t0"."consumer" >= 0
    ) AS "t3"
    GROUP BY
      "t3"."consumer",
      "t3"."day"
  ) AS "t6"
) AS "t9"
;

-- step units: unit_days
SELECT
  "t0"."rung" AS "rung",
  "t0"."unit" AS "unit",
  CAST(SUM(CAST("t0"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "requests",
  SUM("t0"."bytes") AS "bytes"
FROM "unit_days" AS "t0"
GROUP BY
  "t0"."rung",
  "t0"."unit"
;

-- step ranked: units
SELECT
  "t4"."rung" AS "rung",
  "t4"."requests" AS "requests",
  "t4"."bytes" AS "bytes",
  "t4"."rank_requests" AS "rank_requests",
  "t4"."rank_bytes" AS "rank_bytes",
  "t2"."units" AS "units"
FROM (
  SELECT
    "t0"."rung" AS "rung",
    "t0"."requests" AS "requests",
    "t0"."bytes" AS "bytes",
    (
      ROW_NUMBER() OVER (
        PARTITION BY "t0"."rung"
        ORDER BY "t0"."requests" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "rank_requests",
    (
      ROW_NUMBER() OVER (
        PARTITION BY "t0"."rung"
        ORDER BY "t0"."bytes" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "rank_bytes"
  FROM "units" AS "t0"
) AS "t4"
INNER JOIN (
  SELECT
    "t0"."rung" AS "rung",
    COUNT(*) AS "units"
  FROM "units" AS "t0"
  GROUP BY
    "t0"."rung"
) AS "t2"
  ON "t4"."rung" = "t2"."rung"
;

-- step minutes: spells
SELECT
  "t1"."minute" AS "minute",
  CAST(SUM(CAST("t1"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "requests"
FROM (
  SELECT
    *
  FROM "spells" AS "t0"
  WHERE
    "t0"."kind" <> 'own'
) AS "t1"
GROUP BY
  "t1"."minute"
;

-- step fetched: facts
SELECT
  "t1"."client" AS "client",
  "t1"."consumer" AS "consumer",
  "t1"."item" AS "item",
  MAX("t1"."kind" = 'artifact') AS "artifact",
  COUNT(*) AS "requests",
  CAST(SUM(CAST(CASE WHEN "t1"."sent" > 0 THEN "t1"."sent" ELSE 0 END AS Nullable(Float64))) AS Nullable(Int64)) AS "bytes",
  GREATEST(MAX("t1"."sent"), 0) AS "largest"
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
  "t1"."client",
  "t1"."consumer",
  "t1"."item"
;

-- step taken: fetched
SELECT
  "t1"."item" AS "item",
  CAST(SUM(CAST("t1"."requests" AS Nullable(Float64))) AS Nullable(Int64)) AS "downloads"
FROM (
  SELECT
    *
  FROM "fetched" AS "t0"
  WHERE
    "t0"."artifact"
) AS "t1"
GROUP BY
  "t1"."item"
;

-- step alone: days
SELECT
  "t6"."network" AS "network"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t1"."network" AS "network",
      MIN("t1"."client") AS "min_client",
      MAX("t1"."client") AS "max_client",
      MIN("t1"."consumer") AS "min_consumer",
      MAX("t1"."consumer") AS "max_consumer"
    FROM (
      SELECT
        *
      FROM "days" AS "t0"
      WHERE
        "t0"."network" >= 0
    ) AS "t1"
    GROUP BY
      "t1"."network"
  ) AS "t3"
  WHERE
    "t3"."min_client" >= 0
    AND "t3"."min_client" = "t3"."max_client"
    AND "t3"."min_consumer" >= 0
    AND "t3"."min_consumer" = "t3"."max_consumer"
) AS "t6"
LEFT ANTI JOIN (
  SELECT
    *
  FROM (
    SELECT
      "t2"."consumer" AS "consumer",
      MIN("t2"."network") AS "low",
      MAX("t2"."network") AS "high"
    FROM (
      SELECT
        *
      FROM "days" AS "t0"
      WHERE
        "t0"."consumer" >= 0
    ) AS "t2"
    GROUP BY
      "t2"."consumer"
  ) AS "t4"
  WHERE
    (
      "t4"."low" < 0
    ) OR (
      "t4"."low" <> "t4"."high"
    )
) AS "t8"
  ON "t6"."min_consumer" = "t8"."consumer"
;

-- step near: facts parameters
SELECT
  "t9".*
  EXCEPT ("place")
FROM (
  SELECT
    "t5"."client" AS "client",
    "t5"."network" AS "network",
    "t5"."consumer" AS "consumer",
    "t5"."document" AS "document",
    "t5"."at" AS "at",
    "t5"."sent" AS "sent",
    "t5"."place" AS "place"
  FROM (
    SELECT
      "t0"."client" AS "client",
      "t0"."network" AS "network",
      "t0"."consumer" AS "consumer",
      "t0"."document" AS "document",
      "t0"."at" AS "at",
      "t0"."sent" AS "sent",
      (
        bitAnd(
          (
            CAST("t0"."network" AS Nullable(Int64)) * 2654435761
          ) + "t0"."document",
          1073741823
        ) * 4294967296
      ) + CAST("t0"."at" AS Nullable(Int64)) AS "place"
    FROM "facts" AS "t0"
    WHERE
      "t0"."kind" <> 'own'
      AND "t0"."document" >= 0
      AND "t0"."status" IN (200, 304)
      AND "t0"."method" IN ('GET', '')
      AND "t0"."network" >= 0
  ) AS "t5"
  LEFT SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t4"."place" AS "place",
        "t4"."place" - lagInFrame("t4"."place", 1, -1099511627776) OVER (
          ORDER BY "t4"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "before",
        leadInFrame("t4"."place", 1, 4611687117939015680) OVER (
          ORDER BY "t4"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - "t4"."place" AS "after"
      FROM (
        SELECT
          (
            bitAnd(
              (
                CAST("t0"."network" AS Nullable(Int64)) * 2654435761
              ) + "t0"."document",
              1073741823
            ) * 4294967296
          ) + CAST("t0"."at" AS Nullable(Int64)) AS "place"
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
              "t1"."fresh" AS "fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
      OR (
        "t6"."after" <= (
          (
            SELECT
              "t1"."fresh" AS "fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
  ) AS "t8"
    ON "t5"."place" = "t8"."place"
) AS "t9"
;

-- step near_wide: days facts parameters
WITH "t10" AS (
  SELECT
    "t6"."consumer" AS "consumer",
    "t6"."document" AS "document",
    "t6"."at" AS "at",
    "t6"."sent" AS "sent"
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
  LEFT SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t5"."consumer" AS "consumer",
        MIN("t5"."network") AS "low",
        MAX("t5"."network") AS "high"
      FROM (
        SELECT
          *
        FROM "days" AS "t2"
        WHERE
          "t2"."consumer" >= 0
      ) AS "t5"
      GROUP BY
        "t5"."consumer"
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
  EXCEPT ("place")
FROM (
  SELECT
    "t14"."consumer" AS "consumer",
    "t14"."document" AS "document",
    "t14"."at" AS "at",
    "t14"."sent" AS "sent",
    "t14"."place" AS "place"
  FROM (
    SELECT
      "t11"."consumer" AS "consumer",
      "t11"."document" AS "document",
      "t11"."at" AS "at",
      "t11"."sent" AS "sent",
      (
        bitAnd(
          (
            CAST("t11"."consumer" AS Nullable(Int64)) * 2654435761
          ) + "t11"."document",
          1073741823
        ) * 4294967296
      ) + CAST("t11"."at" AS Nullable(Int64)) AS "place"
    FROM "t10" AS "t11"
  ) AS "t14"
  LEFT SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t13"."place" AS "place",
        "t13"."place" - lagInFrame("t13"."place", 1, -1099511627776) OVER (
          ORDER BY "t13"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "before",
        leadInFrame("t13"."place", 1, 4611687117939015680) OVER (
          ORDER BY "t13"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - "t13"."place" AS "after"
      FROM (
        SELECT
          (
            bitAnd(
              (
                CAST("t11"."consumer" AS Nullable(Int64)) * 2654435761
              ) + "t11"."document",
              1073741823
            ) * 4294967296
          ) + CAST("t11"."at" AS Nullable(Int64)) AS "place"
        FROM "t10" AS "t11"
      ) AS "t13"
    ) AS "t15"
    WHERE
      (
        "t15"."before" <= (
          (
            SELECT
              "t1"."fresh" AS "fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
      OR (
        "t15"."after" <= (
          (
            SELECT
              "t1"."fresh" AS "fresh"
            FROM "parameters" AS "t1"
          ) + 1
        )
      )
  ) AS "t17"
    ON "t14"."place" = "t17"."place"
) AS "t18"
;

-- step chained: alone near near_wide parameters
SELECT
  "t29"."rung" AS "rung",
  "t29"."pair" AS "pair",
  "t29"."chain" AS "chain",
  "t29"."at" AS "at",
  "t29"."sent" AS "sent",
  "t29"."begins" AS "begins"
FROM (
  SELECT
    "t28"."at" AS "at",
    "t28"."sent" AS "sent",
    "t28"."rung" AS "rung",
    "t28"."pair" AS "pair",
    "t28"."before" AS "before",
    "t28"."begins" AS "begins",
    SUM("t28"."begins") OVER (
      PARTITION BY "t28"."rung", "t28"."pair"
      ORDER BY "t28"."at" ASC, "t28"."begins" DESC, "t28"."sent" DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "chain"
  FROM (
    SELECT
      "t27"."at" AS "at",
      "t27"."sent" AS "sent",
      "t27"."rung" AS "rung",
      "t27"."pair" AS "pair",
      "t27"."before" AS "before",
      CAST((
        "t27"."at" - "t27"."before"
      ) >= (
        SELECT
          "t0"."fresh" AS "fresh"
        FROM "parameters" AS "t0"
      ) AS Nullable(Int64)) AS "begins"
    FROM (
      SELECT
        "t26"."at" AS "at",
        "t26"."sent" AS "sent",
        "t26"."rung" AS "rung",
        "t26"."pair" AS "pair",
        lagInFrame("t26"."at", 1, -1E+18) OVER (
          PARTITION BY "t26"."rung", "t26"."pair"
          ORDER BY "t26"."at" ASC, "t26"."sent" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS "before"
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
                "t15"."at" AS "at",
                "t15"."sent" AS "sent",
                'each' AS "rung",
                (
                  CAST("t15"."unit" AS Nullable(Int64)) * 4294967296
                ) + "t15"."document" AS "pair"
              FROM (
                SELECT
                  "t5"."document" AS "document",
                  "t5"."at" AS "at",
                  "t5"."sent" AS "sent",
                  "t5"."network" AS "unit"
                FROM "near" AS "t5"
                LEFT SEMI JOIN "alone" AS "t6"
                  ON "t5"."network" = "t6"."network"
              ) AS "t15"
            ) AS "t20"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t16"."at" AS "at",
                "t16"."sent" AS "sent",
                'address' AS "rung",
                (
                  CAST("t16"."unit" AS Nullable(Int64)) * 4294967296
                ) + "t16"."document" AS "pair"
              FROM (
                SELECT
                  "t12"."document" AS "document",
                  "t12"."at" AS "at",
                  "t12"."sent" AS "sent",
                  "t12"."client" AS "unit"
                FROM (
                  SELECT
                    *
                  FROM "near" AS "t2"
                  WHERE
                    "t2"."client" >= 0
                ) AS "t12"
                LEFT ANTI JOIN "alone" AS "t6"
                  ON "t12"."network" = "t6"."network"
              ) AS "t16"
            ) AS "t21"
          ) AS "t23"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              "t17"."at" AS "at",
              "t17"."sent" AS "sent",
              'network' AS "rung",
              (
                CAST("t17"."unit" AS Nullable(Int64)) * 4294967296
              ) + "t17"."document" AS "pair"
            FROM (
              SELECT
                "t13"."document" AS "document",
                "t13"."at" AS "at",
                "t13"."sent" AS "sent",
                "t13"."network" AS "unit"
              FROM (
                SELECT
                  *
                FROM "near" AS "t2"
                WHERE
                  "t2"."network" >= 0
              ) AS "t13"
              LEFT ANTI JOIN "alone" AS "t6"
                ON "t13"."network" = "t6"."network"
            ) AS "t17"
          ) AS "t22"
        ) AS "t25"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t19"."at" AS "at",
            "t19"."sent" AS "sent",
            'consumer' AS "rung",
            (
              CAST("t19"."unit" AS Nullable(Int64)) * 4294967296
            ) + "t19"."document" AS "pair"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t14"."document" AS "document",
                "t14"."at" AS "at",
                "t14"."sent" AS "sent",
                "t14"."consumer" AS "unit"
              FROM (
                SELECT
                  *
                FROM "near" AS "t2"
                WHERE
                  "t2"."consumer" >= 0
              ) AS "t14"
              LEFT ANTI JOIN "alone" AS "t6"
                ON "t14"."network" = "t6"."network"
              LEFT ANTI JOIN "near_wide" AS "t4"
                ON "t14"."consumer" = "t4"."consumer"
            ) AS "t18"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t1"."document" AS "document",
                "t1"."at" AS "at",
                "t1"."sent" AS "sent",
                "t1"."consumer" AS "unit"
              FROM "near_wide" AS "t1"
            ) AS "t8"
          ) AS "t19"
        ) AS "t24"
      ) AS "t26"
    ) AS "t27"
  ) AS "t28"
) AS "t29"
;

-- query totals: visits ways
SELECT
  "t6"."requests" AS "requests",
  "t6"."bytes" AS "bytes",
  "t6"."bytes_unknown" AS "bytes_unknown",
  "t6"."downloads_npm_like" AS "downloads_npm_like",
  "t6"."downloads_ruby_like" AS "downloads_ruby_like",
  "t6"."download_bytes" AS "download_bytes",
  "t6"."revalidations" AS "revalidations",
  "t6"."conditional" AS "conditional",
  "t6"."metadata_requests" AS "metadata_requests",
  "t6"."errors" AS "errors",
  "t6"."cache_hits" AS "cache_hits",
  "t6"."cache_asked" AS "cache_asked",
  "t6"."cache_hit_bytes" AS "cache_hit_bytes",
  "t6"."cache_asked_bytes" AS "cache_asked_bytes",
  "t6"."downloads_rust_like" AS "downloads_rust_like",
  CAST("t6"."revalidations" AS Nullable(Float64)) / nullIf(CAST("t6"."conditional" AS Nullable(Float64)), 0) AS "conditional_share",
  CAST("t6"."metadata_requests" AS Nullable(Float64)) / nullIf(CAST("t6"."downloads_npm_like" AS Nullable(Float64)), 0) AS "metadata_ratio",
  CAST("t6"."errors" AS Nullable(Float64)) / nullIf(CAST("t6"."requests" AS Nullable(Float64)), 0) AS "error_share",
  CAST("t6"."cache_hits" AS Nullable(Float64)) / nullIf(CAST("t6"."cache_asked" AS Nullable(Float64)), 0) AS "hit_ratio",
  CAST("t6"."cache_hit_bytes" AS Nullable(Float64)) / nullIf(CAST("t6"."cache_asked_bytes" AS Nullable(Float64)), 0) AS "hit_ratio_bytes"
FROM (
  SELECT
    "t4"."requests" AS "requests",
    "t4"."bytes" AS "bytes",
    "t4"."bytes_unknown" AS "bytes_unknown",
    "t4"."downloads_npm_like" AS "downloads_npm_like",
    "t4"."downloads_ruby_like" AS "downloads_ruby_like",
    "t4"."download_bytes" AS "download_bytes",
    "t4"."revalidations" AS "revalidations",
    "t4"."conditional" AS "conditional",
    "t4"."metadata_requests" AS "metadata_requests",
    "t4"."errors" AS "errors",
    "t4"."cache_hits" AS "cache_hits",
    "t4"."cache_asked" AS "cache_asked",
    "t4"."cache_hit_bytes" AS "cache_hit_bytes",
    "t4"."cache_asked_bytes" AS "cache_asked_bytes",
    "t5"."downloads_rust_like" AS "downloads_rust_like"
  FROM (
    SELECT
      COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
      COALESCE(SUM(CAST("t0"."unsized" AS Nullable(Decimal(38, 0)))), 0) AS "bytes_unknown",
      COALESCE(
        sumIf(
          CAST("t0"."requests" AS Nullable(Decimal(38, 0))),
          "t0"."method" IN ('GET', '')
          AND "t0"."status" IN (200)
          AND (
            "t0"."kind" = 'artifact'
          )
        ),
        0
      ) AS "downloads_npm_like",
      COALESCE(
        sumIf(
          CAST("t0"."requests" AS Nullable(Decimal(38, 0))),
          "t0"."method" IN ('GET', '')
          AND "t0"."status" IN (200, 304)
          AND (
            "t0"."kind" = 'artifact'
          )
        ),
        0
      ) AS "downloads_ruby_like",
      COALESCE(
        sumIf(
          CAST("t0"."bytes" AS Nullable(Decimal(38, 0))),
          "t0"."method" IN ('GET', '')
          AND "t0"."status" IN (200)
          AND (
            "t0"."kind" = 'artifact'
          )
        ),
        0
      ) AS "download_bytes",
      COALESCE(sumIf(CAST("t0"."requests" AS Nullable(Decimal(38, 0))), "t0"."status" = 304), 0) AS "revalidations",
      COALESCE(
        sumIf(CAST("t0"."requests" AS Nullable(Decimal(38, 0))), "t0"."status" IN (200, 304)),
        0
      ) AS "conditional",
      COALESCE(
        sumIf(
          CAST("t0"."requests" AS Nullable(Decimal(38, 0))),
          "t0"."kind" IN ('index', 'listing', 'metadata', 'config', 'derived')
        ),
        0
      ) AS "metadata_requests",
      COALESCE(sumIf(CAST("t0"."requests" AS Nullable(Decimal(38, 0))), "t0"."status" >= 400), 0) AS "errors",
      COALESCE(
        sumIf(
          CAST("t0"."requests" AS Nullable(Decimal(38, 0))),
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer')
        ),
        0
      ) AS "cache_hits",
      COALESCE(
        sumIf(
          CAST("t0"."requests" AS Nullable(Decimal(38, 0))),
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass')
        ),
        0
      ) AS "cache_asked",
      COALESCE(
        sumIf(
          CAST("t0"."bytes" AS Nullable(Decimal(38, 0))),
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer')
        ),
        0
      ) AS "cache_hit_bytes",
      COALESCE(
        sumIf(
          CAST("t0"."bytes" AS Nullable(Decimal(38, 0))),
          "t0"."cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass')
        ),
        0
      ) AS "cache_asked_bytes"
    FROM "ways" AS "t0"
  ) AS "t4"
  CROSS JOIN (
    SELECT
      COALESCE(
        sumIf(
          CAST("t1"."downloads" AS Nullable(Decimal(38, 0))),
          (
            "t1"."software_kind" = 'installer'
          )
          AND (
            "t1"."tool_ecosystem" = "t1"."ecosystem"
          )
          AND (
            "t1"."ecosystem" <> ''
          )
        ),
        0
      ) AS "downloads_rust_like"
    FROM "visits" AS "t1"
  ) AS "t5"
) AS "t6"
;

-- query window: facts minutes parameters
SELECT
  "t13"."since" AS "since",
  "t13"."until" AS "until",
  "t13"."seconds" AS "seconds",
  "t13"."requests" AS "requests",
  CAST("t13"."requests" AS Nullable(Float64)) / nullIf("t13"."seconds", 0) AS "mean",
  "t13"."peak" / 60.0 AS "peak",
  "t13"."peak_at" AS "peak_at"
FROM (
  SELECT
    "t12"."requests" AS "requests",
    "t12"."peak" AS "peak",
    "t12"."since" AS "since",
    "t12"."until" AS "until",
    CASE
      WHEN (
        SELECT
          "t1"."window" AS "window"
        FROM "parameters" AS "t1"
      ) > 0
      THEN (
        SELECT
          "t1"."window" AS "window"
        FROM "parameters" AS "t1"
      )
      ELSE CAST((
        CAST(FLOOR("t12"."until") AS Nullable(Int64)) - CAST(FLOOR("t12"."since") AS Nullable(Int64))
      ) + 1 AS Nullable(Float64))
    END AS "seconds",
    CAST((
      SELECT
        MIN("t7"."minute") AS "Min(minute)"
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
      ) AS "t7"
    ) AS Nullable(Int64)) * 60 AS "peak_at"
  FROM (
    SELECT
      "t8"."requests" AS "requests",
      "t8"."peak" AS "peak",
      "t10"."since" AS "since",
      "t10"."until" AS "until"
    FROM (
      SELECT
        COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
        COALESCE(MAX("t0"."requests"), 0) AS "peak"
      FROM "minutes" AS "t0"
    ) AS "t8"
    CROSS JOIN (
      SELECT
        COALESCE(MIN("t5"."at"), 0.0) AS "since",
        COALESCE(MAX("t5"."at"), 0.0) AS "until"
      FROM (
        SELECT
          *
        FROM "facts" AS "t2"
        WHERE
          "t2"."kind" <> 'own'
      ) AS "t5"
    ) AS "t10"
  ) AS "t12"
) AS "t13"
;

-- query distinct: documents items packages visits
SELECT
  "t11"."addresses" AS "addresses",
  "t11"."networks" AS "networks",
  "t11"."consumers" AS "consumers",
  "t11"."streams" AS "streams",
  "t11"."software" AS "software",
  "t11"."ecosystems" AS "ecosystems",
  "t7"."files" AS "files",
  "t8"."documents" AS "documents",
  "t9"."packages" AS "packages"
FROM (
  SELECT
    uniqIf("t0"."client", "t0"."client" >= 0) AS "addresses",
    uniqIf("t0"."network", "t0"."network" >= 0) AS "networks",
    uniqIf("t0"."consumer", "t0"."consumer" >= 0) AS "consumers",
    uniqIf("t0"."stream", "t0"."stream" >= 0) AS "streams",
    uniqIf("t0"."software", "t0"."software" <> '') AS "software",
    uniqIf("t0"."ecosystem", "t0"."ecosystem" <> '') AS "ecosystems"
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
WITH "t15" AS (
  SELECT
    "t14"."client" AS "client",
    "t14"."item" AS "item",
    CAST(FLOOR("t14"."at" / 3600) AS Nullable(Int64)) AS "hour",
    MIN("t14"."at") AS "at",
    COALESCE(SUM(CAST("t14"."sent" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
    countIf("t14"."sent" < 0) AS "unsized"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t9"."stream" AS "stream",
        "t9"."client" AS "client",
        "t9"."item" AS "item",
        "t9"."at" AS "at",
        "t9"."sent" AS "sent"
      FROM (
        SELECT
          "t0"."stream" AS "stream",
          "t0"."client" AS "client",
          "t0"."item" AS "item",
          "t0"."at" AS "at",
          "t0"."sent" AS "sent"
        FROM "facts" AS "t0"
        WHERE
          "t0"."kind" <> 'own'
          AND "t0"."kind" = 'artifact'
          AND "t0"."status" IN (206)
          AND "t0"."method" IN ('GET', '')
      ) AS "t9"
      LEFT ANTI JOIN (
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
      ) AS "t11"
        ON "t9"."stream" = "t11"."stream"
    ) AS "t13"
    WHERE
      "t13"."item" >= 0
  ) AS "t14"
  GROUP BY
    "t14"."client",
    "t14"."item",
    CAST(FLOOR("t14"."at" / 3600) AS Nullable(Int64))
)
SELECT
  COUNT(*) - countIf(
    (
      "t26"."pair" >= 0
    )
    AND (
      "t26"."pair" = "t26"."last"
    )
    AND (
      (
        "t26"."at" - "t26"."before"
      ) <= (
        SELECT
          "t1"."collapse" AS "collapse"
        FROM "parameters" AS "t1"
      )
    )
  ) AS "downloads"
FROM (
  SELECT
    "t25"."at" AS "at",
    "t25"."pair" AS "pair",
    lagInFrame("t25"."at", 1, -1E+18) OVER (
      ORDER BY "t25"."pair" ASC, "t25"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "before",
    lagInFrame("t25"."pair", 1, -1) OVER (
      ORDER BY "t25"."pair" ASC, "t25"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "last"
  FROM (
    SELECT
      "t24"."at" AS "at",
      CASE
        WHEN (
          "t24"."client" >= 0
        ) AND (
          "t24"."item" >= 0
        )
        THEN (
          CAST("t24"."client" AS Nullable(Int64)) * 4294967296
        ) + "t24"."item"
        ELSE -1
      END AS "pair"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t8"."client" AS "client",
          "t8"."item" AS "item",
          "t8"."at" AS "at"
        FROM (
          SELECT
            "t0"."stream" AS "stream",
            "t0"."client" AS "client",
            "t0"."item" AS "item",
            "t0"."at" AS "at",
            "t0"."sent" AS "sent"
          FROM "facts" AS "t0"
          WHERE
            "t0"."kind" <> 'own'
            AND "t0"."kind" = 'artifact'
            AND "t0"."status" IN (200, 304)
            AND "t0"."method" IN ('GET', '')
        ) AS "t8"
        LEFT ANTI JOIN (
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
        ) AS "t11"
          ON "t8"."stream" = "t11"."stream"
      ) AS "t12"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t22"."client" AS "client",
          "t22"."item" AS "item",
          "t22"."at" AS "at"
        FROM (
          SELECT
            "t17"."client" AS "client",
            "t17"."at" AS "at",
            "t17"."item" AS "item",
            "t17"."bytes" AS "bytes",
            "t17"."unsized" AS "unsized",
            COALESCE("t21"."size", 0) AS "size"
          FROM "t15" AS "t17"
          LEFT OUTER JOIN (
            SELECT
              "t19"."item" AS "item",
              MAX("t19"."largest") AS "size"
            FROM (
              SELECT
                "t4"."client" AS "client",
                "t4"."consumer" AS "consumer",
                "t4"."item" AS "item",
                "t4"."artifact" AS "artifact",
                "t4"."requests" AS "requests",
                "t4"."bytes" AS "bytes",
                "t4"."largest" AS "largest"
              FROM "fetched" AS "t4"
              LEFT SEMI JOIN "t15" AS "t18"
                ON "t4"."item" = "t18"."item"
            ) AS "t19"
            GROUP BY
              "t19"."item"
          ) AS "t21"
            ON "t17"."item" = "t21"."item"
        ) AS "t22"
        WHERE
          (
            "t22"."unsized" > 0
          ) OR (
            "t22"."bytes" >= "t22"."size"
          )
      ) AS "t23"
    ) AS "t24"
  ) AS "t25"
) AS "t26"
;

-- query concentration: parameters ranked
WITH "t3" AS (
  SELECT
    "t0"."rung" AS "rung",
    MAX("t0"."units") AS "units",
    COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "total_requests",
    COALESCE(
      sumIf(
        CAST("t0"."requests" AS Nullable(Decimal(38, 0))),
        "t0"."rank_requests" > (
          "t0"."units" - CAST(FLOOR(
            (
              (
                "t0"."units" * (
                  SELECT
                    "t1"."top_millionths" AS "top_millionths"
                  FROM "parameters" AS "t1"
                )
              ) + 999999
            ) / (
              1000000
            )
          ) AS Nullable(Int64))
        )
      ),
      0
    ) AS "top_requests",
    COALESCE(
      SUM(
        CAST("t0"."rank_requests" AS Nullable(Decimal(38, 0))) * CAST("t0"."requests" AS Nullable(Decimal(38, 0)))
      ),
      0
    ) AS "moment_requests",
    COALESCE(SUM(CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "total_bytes",
    COALESCE(
      sumIf(
        CAST("t0"."bytes" AS Nullable(Decimal(38, 0))),
        "t0"."rank_bytes" > (
          "t0"."units" - CAST(FLOOR(
            (
              (
                "t0"."units" * (
                  SELECT
                    "t1"."top_millionths" AS "top_millionths"
                  FROM "parameters" AS "t1"
                )
              ) + 999999
            ) / (
              1000000
            )
          ) AS Nullable(Int64))
        )
      ),
      0
    ) AS "top_bytes",
    COALESCE(
      SUM(
        CAST("t0"."rank_bytes" AS Nullable(Decimal(38, 0))) * CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))
      ),
      0
    ) AS "moment_bytes"
  FROM "ranked" AS "t0"
  GROUP BY
    "t0"."rung"
)
SELECT
  *
FROM (
  SELECT
    CASE
      WHEN "t7"."rung" = 0
      THEN 'address'
      WHEN "t7"."rung" = 1
      THEN 'network'
      WHEN "t7"."rung" = 2
      THEN 'consumer'
      ELSE ''
    END AS "rung",
    "t7"."weight" AS "weight",
    "t7"."units" AS "units",
    "t7"."total" AS "total",
    "t7"."top" AS "top",
    CAST(FLOOR(
      (
        (
          "t7"."units" * (
            SELECT
              "t1"."top_millionths" AS "top_millionths"
            FROM "parameters" AS "t1"
          )
        ) + 999999
      ) / (
        1000000
      )
    ) AS Nullable(Int64)) AS "top_units",
    CAST("t7"."top" AS Nullable(Float64)) / nullIf(CAST("t7"."total" AS Nullable(Float64)), 0) AS "share",
    (
      (
        CAST("t7"."moment" AS Nullable(Float64)) * 2.0
      ) / nullIf(
        CAST("t7"."units" AS Nullable(Float64)) * CAST("t7"."total" AS Nullable(Float64)),
        0
      )
    ) - (
      (
        CAST("t7"."units" AS Nullable(Float64)) + 1.0
      ) / CAST("t7"."units" AS Nullable(Float64))
    ) AS "gini"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t4"."rung" AS "rung",
        'requests' AS "weight",
        "t4"."units" AS "units",
        "t4"."total_requests" AS "total",
        "t4"."top_requests" AS "top",
        "t4"."moment_requests" AS "moment"
      FROM "t3" AS "t4"
    ) AS "t5"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t4"."rung" AS "rung",
        'bytes' AS "weight",
        "t4"."units" AS "units",
        "t4"."total_bytes" AS "total",
        "t4"."top_bytes" AS "top",
        "t4"."moment_bytes" AS "moment"
      FROM "t3" AS "t4"
    ) AS "t6"
  ) AS "t7"
) AS "t8"
ORDER BY
  "t8"."rung" ASC,
  "t8"."weight" ASC
;

-- query daily: parameters unit_days
WITH "t6" AS (
  SELECT
    "t5"."rung" AS "rung",
    "t5"."day" AS "day",
    "t5"."weight" AS "weight",
    "t5"."value" AS "value",
    CAST(CAST(FLOOR(LOG2(CAST("t5"."value" AS Nullable(Float64)) + 1.0)) AS Nullable(Int64)) AS Nullable(Int32)) AS "magnitude"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t0"."rung" AS "rung",
        "t0"."day" AS "day",
        0 AS "weight",
        "t0"."requests" AS "value"
      FROM "unit_days" AS "t0"
    ) AS "t2"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t0"."rung" AS "rung",
        "t0"."day" AS "day",
        1 AS "weight",
        "t0"."bytes" AS "value"
      FROM "unit_days" AS "t0"
    ) AS "t3"
  ) AS "t5"
)
SELECT
  *
FROM (
  SELECT
    CASE
      WHEN "t16"."rung" = 0
      THEN 'address'
      WHEN "t16"."rung" = 1
      THEN 'network'
      WHEN "t16"."rung" = 2
      THEN 'consumer'
      ELSE ''
    END AS "rung",
    "t16"."day" AS "day",
    CASE
      WHEN "t16"."weight" = 0
      THEN 'requests'
      WHEN "t16"."weight" = 1
      THEN 'bytes'
      ELSE ''
    END AS "weight",
    "t16"."units" AS "units",
    "t16"."top_units" AS "top_units",
    CAST("t16"."above" + "t16"."rest" AS Nullable(Float64)) / nullIf(CAST("t16"."total" AS Nullable(Float64)), 0) AS "share"
  FROM (
    SELECT
      "t15"."rung" AS "rung",
      "t15"."weight" AS "weight",
      "t15"."day" AS "day",
      MAX("t15"."units") AS "units",
      MAX("t15"."top_units") AS "top_units",
      MAX("t15"."total") AS "total",
      MAX("t15"."above") AS "above",
      COALESCE(
        sumIf(CAST("t15"."value" AS Nullable(Decimal(38, 0))), "t15"."place" < "t15"."left"),
        0
      ) AS "rest"
    FROM (
      SELECT
        "t14"."rung" AS "rung",
        "t14"."weight" AS "weight",
        "t14"."day" AS "day",
        "t14"."units" AS "units",
        "t14"."top_units" AS "top_units",
        "t14"."total" AS "total",
        "t14"."value" AS "value",
        "t14"."left" AS "left",
        "t14"."above" AS "above",
        ROW_NUMBER() OVER (
          PARTITION BY "t14"."rung", "t14"."weight", "t14"."day"
          ORDER BY "t14"."value" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - 1 AS "place"
      FROM (
        SELECT
          "t8"."rung" AS "rung",
          "t8"."weight" AS "weight",
          "t8"."day" AS "day",
          "t13"."units" AS "units",
          "t13"."top_units" AS "top_units",
          "t13"."total" AS "total",
          "t8"."value" AS "value",
          (
            "t13"."top_units" - "t13"."upto"
          ) + "t13"."n" AS "left",
          "t13"."sum_upto" - "t13"."sum" AS "above"
        FROM "t6" AS "t8"
        INNER JOIN (
          SELECT
            *
          FROM (
            SELECT
              "t10"."rung" AS "rung",
              "t10"."weight" AS "weight",
              "t10"."day" AS "day",
              "t10"."magnitude" AS "magnitude",
              "t10"."n" AS "n",
              "t10"."sum" AS "sum",
              "t10"."units" AS "units",
              "t10"."total" AS "total",
              "t10"."upto" AS "upto",
              "t10"."sum_upto" AS "sum_upto",
              CAST(FLOOR(
                (
                  (
                    "t10"."units" * (
                      SELECT
                        "t1"."top_millionths" AS "top_millionths"
                      FROM "parameters" AS "t1"
                    )
                  ) + 999999
                ) / (
                  1000000
                )
              ) AS Nullable(Int64)) AS "top_units"
            FROM (
              SELECT
                "t9"."rung" AS "rung",
                "t9"."weight" AS "weight",
                "t9"."day" AS "day",
                "t9"."magnitude" AS "magnitude",
                "t9"."n" AS "n",
                "t9"."sum" AS "sum",
                SUM("t9"."n") OVER (
                  PARTITION BY "t9"."rung", "t9"."weight", "t9"."day"
                  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                ) AS "units",
                SUM("t9"."sum") OVER (
                  PARTITION BY "t9"."rung", "t9"."weight", "t9"."day"
                  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                ) AS "total",
                SUM("t9"."n") OVER (
                  PARTITION BY "t9"."rung", "t9"."weight", "t9"."day"
                  ORDER BY "t9"."magnitude" DESC
                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS "upto",
                SUM("t9"."sum") OVER (
                  PARTITION BY "t9"."rung", "t9"."weight", "t9"."day"
                  ORDER BY "t9"."magnitude" DESC
                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS "sum_upto"
              FROM (
                SELECT
                  "t7"."rung" AS "rung",
                  "t7"."weight" AS "weight",
                  "t7"."day" AS "day",
                  "t7"."magnitude" AS "magnitude",
                  COUNT(*) AS "n",
                  COALESCE(SUM(CAST("t7"."value" AS Nullable(Decimal(38, 0)))), 0) AS "sum"
                FROM "t6" AS "t7"
                GROUP BY
                  "t7"."rung",
                  "t7"."weight",
                  "t7"."day",
                  "t7"."magnitude"
              ) AS "t9"
            ) AS "t10"
          ) AS "t11"
          WHERE
            "t11"."upto" >= "t11"."top_units"
            AND (
              "t11"."upto" - "t11"."n"
            ) < "t11"."top_units"
        ) AS "t13"
          ON "t8"."rung" = "t13"."rung"
          AND "t8"."weight" = "t13"."weight"
          AND "t8"."day" = "t13"."day"
          AND "t8"."magnitude" = "t13"."magnitude"
      ) AS "t14"
    ) AS "t15"
    GROUP BY
      "t15"."rung",
      "t15"."weight",
      "t15"."day"
  ) AS "t16"
) AS "t17"
ORDER BY
  "t17"."rung" ASC,
  "t17"."weight" ASC,
  "t17"."day" ASC
;

-- query lorenz: ranked
SELECT
  *
FROM (
  SELECT
    CASE
      WHEN "t5"."rung" = 0
      THEN 'address'
      WHEN "t5"."rung" = 1
      THEN 'network'
      WHEN "t5"."rung" = 2
      THEN 'consumer'
      ELSE ''
    END AS "rung",
    "t5"."weight" AS "weight",
    "t5"."percent" AS "percent",
    "t5"."value" AS "value"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t1"."rung" AS "rung",
        'requests' AS "weight",
        "t1"."percent" AS "percent",
        "t1"."value" AS "value"
      FROM (
        SELECT
          "t0"."rung" AS "rung",
          CAST(FLOOR(
            (
              (
                (
                  "t0"."rank_requests" * 100
                ) + "t0"."units"
              ) - 1
            ) / (
              "t0"."units"
            )
          ) AS Nullable(Int64)) AS "percent",
          COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "value"
        FROM "ranked" AS "t0"
        GROUP BY
          "t0"."rung",
          CAST(FLOOR(
            (
              (
                (
                  "t0"."rank_requests" * 100
                ) + "t0"."units"
              ) - 1
            ) / (
              "t0"."units"
            )
          ) AS Nullable(Int64))
      ) AS "t1"
    ) AS "t3"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t2"."rung" AS "rung",
        'bytes' AS "weight",
        "t2"."percent" AS "percent",
        "t2"."value" AS "value"
      FROM (
        SELECT
          "t0"."rung" AS "rung",
          CAST(FLOOR(
            (
              (
                (
                  "t0"."rank_bytes" * 100
                ) + "t0"."units"
              ) - 1
            ) / (
              "t0"."units"
            )
          ) AS Nullable(Int64)) AS "percent",
          COALESCE(SUM(CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "value"
        FROM "ranked" AS "t0"
        GROUP BY
          "t0"."rung",
          CAST(FLOOR(
            (
              (
                (
                  "t0"."rank_bytes" * 100
                ) + "t0"."units"
              ) - 1
            ) / (
              "t0"."units"
            )
          ) AS Nullable(Int64))
      ) AS "t2"
    ) AS "t4"
  ) AS "t5"
) AS "t6"
ORDER BY
  "t6"."rung" ASC,
  "t6"."weight" ASC,
  "t6"."percent" ASC
;

-- query providers: clients days
SELECT
  "t8"."value" AS "value",
  "t8"."addresses" AS "addresses",
  "t8"."requests" AS "requests",
  "t8"."downloads" AS "downloads",
  "t8"."bytes" AS "bytes",
  "t8"."addresses_share" AS "addresses_share",
  "t8"."requests_share" AS "requests_share",
  "t8"."downloads_share" AS "downloads_share",
  "t8"."bytes_share" AS "bytes_share",
  "t8"."downloads_share" / nullIf("t8"."addresses_share", 0) AS "amplification"
FROM (
  SELECT
    "t7"."value" AS "value",
    "t7"."addresses" AS "addresses",
    "t7"."requests" AS "requests",
    "t7"."downloads" AS "downloads",
    "t7"."bytes" AS "bytes",
    CAST("t7"."addresses" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."addresses") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "addresses_share",
    CAST("t7"."requests" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "requests_share",
    CAST("t7"."downloads" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "downloads_share",
    CAST("t7"."bytes" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "bytes_share"
  FROM (
    SELECT
      "t6"."value" AS "value",
      COUNT(*) AS "addresses",
      COALESCE(SUM(CAST("t6"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(SUM(CAST("t6"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
      COALESCE(SUM(CAST("t6"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes"
    FROM (
      SELECT
        "t5"."client" AS "client",
        "t5"."requests" AS "requests",
        "t5"."downloads" AS "downloads",
        "t5"."bytes" AS "bytes",
        COALESCE("t2"."provider", '') AS "value"
      FROM (
        SELECT
          "t3"."client" AS "client",
          SUM("t3"."requests") AS "requests",
          SUM("t3"."downloads") AS "downloads",
          SUM("t3"."bytes") AS "bytes"
        FROM (
          SELECT
            *
          FROM "days" AS "t1"
          WHERE
            "t1"."client" >= 0
        ) AS "t3"
        GROUP BY
          "t3"."client"
      ) AS "t5"
      LEFT OUTER JOIN "clients" AS "t2"
        ON "t5"."client" = "t2"."client"
    ) AS "t6"
    GROUP BY
      "t6"."value"
  ) AS "t7"
) AS "t8"
ORDER BY
  "t8"."requests" DESC,
  "t8"."value" ASC
;

-- query origins: clients days
SELECT
  "t8"."value" AS "value",
  "t8"."addresses" AS "addresses",
  "t8"."requests" AS "requests",
  "t8"."downloads" AS "downloads",
  "t8"."bytes" AS "bytes",
  "t8"."addresses_share" AS "addresses_share",
  "t8"."requests_share" AS "requests_share",
  "t8"."downloads_share" AS "downloads_share",
  "t8"."bytes_share" AS "bytes_share",
  "t8"."downloads_share" / nullIf("t8"."addresses_share", 0) AS "amplification"
FROM (
  SELECT
    "t7"."value" AS "value",
    "t7"."addresses" AS "addresses",
    "t7"."requests" AS "requests",
    "t7"."downloads" AS "downloads",
    "t7"."bytes" AS "bytes",
    CAST("t7"."addresses" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."addresses") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "addresses_share",
    CAST("t7"."requests" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "requests_share",
    CAST("t7"."downloads" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "downloads_share",
    CAST("t7"."bytes" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t7"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "bytes_share"
  FROM (
    SELECT
      "t6"."value" AS "value",
      COUNT(*) AS "addresses",
      COALESCE(SUM(CAST("t6"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(SUM(CAST("t6"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
      COALESCE(SUM(CAST("t6"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes"
    FROM (
      SELECT
        "t5"."client" AS "client",
        "t5"."requests" AS "requests",
        "t5"."downloads" AS "downloads",
        "t5"."bytes" AS "bytes",
        COALESCE("t2"."origin", '') AS "value"
      FROM (
        SELECT
          "t3"."client" AS "client",
          SUM("t3"."requests") AS "requests",
          SUM("t3"."downloads") AS "downloads",
          SUM("t3"."bytes") AS "bytes"
        FROM (
          SELECT
            *
          FROM "days" AS "t1"
          WHERE
            "t1"."client" >= 0
        ) AS "t3"
        GROUP BY
          "t3"."client"
      ) AS "t5"
      LEFT OUTER JOIN "clients" AS "t2"
        ON "t5"."client" = "t2"."client"
    ) AS "t6"
    GROUP BY
      "t6"."value"
  ) AS "t7"
) AS "t8"
ORDER BY
  "t8"."requests" DESC,
  "t8"."value" ASC
;

-- query files: days facts fetched
SELECT
  "t54"."rung" AS "rung",
  "t54"."downloads" AS "downloads",
  "t54"."download_pairs" AS "download_pairs",
  "t54"."requests" AS "requests",
  "t54"."bytes" AS "bytes",
  "t54"."unsized" AS "unsized",
  CAST("t54"."downloads" AS Nullable(Float64)) / nullIf(CAST("t54"."download_pairs" AS Nullable(Float64)), 0) AS "repeat_factor"
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS "rung",
        "t46"."downloads" AS "downloads",
        "t46"."download_pairs" AS "download_pairs",
        "t46"."requests" AS "requests",
        "t46"."bytes" AS "bytes",
        "t46"."unsized" AS "unsized"
      FROM (
        SELECT
          "t21"."downloads" AS "downloads",
          "t21"."artifacts" - "t43"."less_downloads" AS "download_pairs",
          "t21"."fetched" - (
            "t21"."rows" - "t43"."less_pairs"
          ) AS "requests",
          "t21"."sent" - (
            "t21"."kept" - "t43"."less_kept"
          ) AS "bytes",
          "t17"."unsized" AS "unsized"
        FROM (
          SELECT
            COUNT(*) AS "rows",
            countIf("t5"."artifact") AS "artifacts",
            COALESCE(SUM("t5"."requests"), 0) AS "fetched",
            COALESCE(sumIf("t5"."requests", "t5"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t5"."bytes"), 0) AS "sent",
            COALESCE(SUM("t5"."largest"), 0) AS "kept"
          FROM (
            SELECT
              *
            FROM "fetched" AS "t0"
            WHERE
              "t0"."client" >= 0
          ) AS "t5"
        ) AS "t21"
        CROSS JOIN (
          SELECT
            COALESCE(SUM("t38"."rows" - 1), 0) AS "less_pairs",
            COALESCE(sumIf("t38"."rows" - 1, "t38"."artifact"), 0) AS "less_downloads",
            COALESCE(SUM("t38"."sum" - "t38"."largest"), 0) AS "less_kept"
          FROM (
            SELECT
              "t35"."pair" AS "pair",
              COUNT(*) AS "rows",
              MAX("t35"."artifact") AS "artifact",
              CAST(SUM(CAST("t35"."largest" AS Nullable(Float64))) AS Nullable(Int64)) AS "sum",
              MAX("t35"."largest") AS "largest"
            FROM (
              SELECT
                "t30"."artifact" AS "artifact",
                "t30"."largest" AS "largest",
                (
                  CAST("t30"."unit" AS Nullable(Int64)) * 4294967296
                ) + "t30"."item" AS "pair"
              FROM (
                SELECT
                  "t3"."artifact" AS "artifact",
                  "t3"."largest" AS "largest",
                  "t3"."item" AS "item",
                  "t3"."client" AS "unit"
                FROM "fetched" AS "t3"
                LEFT SEMI JOIN (
                  SELECT
                    "t11"."unit" AS "unit"
                  FROM (
                    SELECT
                      "t2"."client" AS "unit",
                      MAX("t2"."client") - MIN("t2"."client") AS "clients",
                      MAX("t2"."consumer") - MIN("t2"."consumer") AS "consumers"
                    FROM "days" AS "t2"
                    GROUP BY
                      "t2"."client"
                  ) AS "t11"
                  WHERE
                    "t11"."unit" >= 0
                    AND (
                      (
                        "t11"."clients" > 0
                      ) OR (
                        "t11"."consumers" > 0
                      )
                    )
                ) AS "t27"
                  ON "t3"."client" = "t27"."unit"
              ) AS "t30"
            ) AS "t35"
            GROUP BY
              "t35"."pair"
          ) AS "t38"
        ) AS "t43"
        CROSS JOIN (
          SELECT
            COUNT(*) AS "unsized"
          FROM (
            SELECT
              *
            FROM "facts" AS "t1"
            WHERE
              "t1"."kind" <> 'own'
              AND "t1"."item" >= 0
              AND "t1"."status" = 200
              AND "t1"."method" IN ('GET', '')
              AND "t1"."sent" < 0
              AND "t1"."client" >= 0
          ) AS "t8"
        ) AS "t17"
      ) AS "t46"
    ) AS "t48"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        'network' AS "rung",
        "t51"."downloads" AS "downloads",
        "t51"."download_pairs" AS "download_pairs",
        "t51"."requests" AS "requests",
        "t51"."bytes" AS "bytes",
        "t51"."unsized" AS "unsized"
      FROM (
        SELECT
          "t21"."downloads" AS "downloads",
          "t21"."artifacts" - "t50"."less_downloads" AS "download_pairs",
          "t21"."fetched" - (
            "t21"."rows" - "t50"."less_pairs"
          ) AS "requests",
          "t21"."sent" - (
            "t21"."kept" - "t50"."less_kept"
          ) AS "bytes",
          "t18"."unsized" AS "unsized"
        FROM (
          SELECT
            COUNT(*) AS "rows",
            countIf("t5"."artifact") AS "artifacts",
            COALESCE(SUM("t5"."requests"), 0) AS "fetched",
            COALESCE(sumIf("t5"."requests", "t5"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t5"."bytes"), 0) AS "sent",
            COALESCE(SUM("t5"."largest"), 0) AS "kept"
          FROM (
            SELECT
              *
            FROM "fetched" AS "t0"
            WHERE
              "t0"."client" >= 0
          ) AS "t5"
        ) AS "t21"
        CROSS JOIN (
          SELECT
            COALESCE(SUM("t44"."rows" - 1), 0) AS "less_pairs",
            COALESCE(sumIf("t44"."rows" - 1, "t44"."artifact"), 0) AS "less_downloads",
            COALESCE(SUM("t44"."sum" - "t44"."largest"), 0) AS "less_kept"
          FROM (
            SELECT
              "t39"."pair" AS "pair",
              COUNT(*) AS "rows",
              MAX("t39"."artifact") AS "artifact",
              CAST(SUM(CAST("t39"."largest" AS Nullable(Float64))) AS Nullable(Int64)) AS "sum",
              MAX("t39"."largest") AS "largest"
            FROM (
              SELECT
                "t36"."artifact" AS "artifact",
                "t36"."largest" AS "largest",
                (
                  CAST("t36"."unit" AS Nullable(Int64)) * 4294967296
                ) + "t36"."item" AS "pair"
              FROM (
                SELECT
                  "t3"."artifact" AS "artifact",
                  "t3"."largest" AS "largest",
                  "t3"."item" AS "item",
                  "t33"."unit" AS "unit"
                FROM "fetched" AS "t3"
                INNER JOIN (
                  SELECT
                    "t31"."client" AS "client",
                    MAX("t31"."network") AS "unit"
                  FROM (
                    SELECT
                      "t4"."day" AS "day",
                      "t4"."stream" AS "stream",
                      "t4"."client" AS "client",
                      "t4"."network" AS "network",
                      "t4"."consumer" AS "consumer",
                      "t4"."ecosystem" AS "ecosystem",
                      "t4"."requests" AS "requests",
                      "t4"."downloads" AS "downloads",
                      "t4"."bytes" AS "bytes"
                    FROM "days" AS "t4"
                    LEFT SEMI JOIN (
                      SELECT
                        "t12"."unit" AS "unit"
                      FROM (
                        SELECT
                          "t2"."network" AS "unit",
                          MAX("t2"."client") - MIN("t2"."client") AS "clients",
                          MAX("t2"."consumer") - MIN("t2"."consumer") AS "consumers"
                        FROM "days" AS "t2"
                        GROUP BY
                          "t2"."network"
                      ) AS "t12"
                      WHERE
                        "t12"."unit" >= 0
                        AND (
                          (
                            "t12"."clients" > 0
                          ) OR (
                            "t12"."consumers" > 0
                          )
                        )
                    ) AS "t28"
                      ON "t4"."network" = "t28"."unit"
                  ) AS "t31"
                  GROUP BY
                    "t31"."client"
                ) AS "t33"
                  ON "t3"."client" = "t33"."client"
              ) AS "t36"
            ) AS "t39"
            GROUP BY
              "t39"."pair"
          ) AS "t44"
        ) AS "t50"
        CROSS JOIN (
          SELECT
            COUNT(*) AS "unsized"
          FROM (
            SELECT
              *
            FROM "facts" AS "t1"
            WHERE
              "t1"."kind" <> 'own'
              AND "t1"."item" >= 0
              AND "t1"."status" = 200
              AND "t1"."method" IN ('GET', '')
              AND "t1"."sent" < 0
              AND "t1"."network" >= 0
          ) AS "t9"
        ) AS "t18"
      ) AS "t51"
    ) AS "t52"
  ) AS "t53"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'consumer' AS "rung",
      "t45"."downloads" AS "downloads",
      "t45"."download_pairs" AS "download_pairs",
      "t45"."requests" AS "requests",
      "t45"."bytes" AS "bytes",
      "t45"."unsized" AS "unsized"
    FROM (
      SELECT
        "t22"."downloads" AS "downloads",
        "t22"."artifacts" - "t42"."less_downloads" AS "download_pairs",
        "t22"."fetched" - (
          "t22"."rows" - "t42"."less_pairs"
        ) AS "requests",
        "t22"."sent" - (
          "t22"."kept" - "t42"."less_kept"
        ) AS "bytes",
        "t16"."unsized" AS "unsized"
      FROM (
        SELECT
          COUNT(*) AS "rows",
          countIf("t6"."artifact") AS "artifacts",
          COALESCE(SUM("t6"."requests"), 0) AS "fetched",
          COALESCE(sumIf("t6"."requests", "t6"."artifact"), 0) AS "downloads",
          COALESCE(SUM("t6"."bytes"), 0) AS "sent",
          COALESCE(SUM("t6"."largest"), 0) AS "kept"
        FROM (
          SELECT
            *
          FROM "fetched" AS "t0"
          WHERE
            "t0"."consumer" >= 0
        ) AS "t6"
      ) AS "t22"
      CROSS JOIN (
        SELECT
          COALESCE(SUM("t37"."rows" - 1), 0) AS "less_pairs",
          COALESCE(sumIf("t37"."rows" - 1, "t37"."artifact"), 0) AS "less_downloads",
          COALESCE(SUM("t37"."sum" - "t37"."largest"), 0) AS "less_kept"
        FROM (
          SELECT
            "t34"."pair" AS "pair",
            COUNT(*) AS "rows",
            MAX("t34"."artifact") AS "artifact",
            CAST(SUM(CAST("t34"."largest" AS Nullable(Float64))) AS Nullable(Int64)) AS "sum",
            MAX("t34"."largest") AS "largest"
          FROM (
            SELECT
              "t29"."artifact" AS "artifact",
              "t29"."largest" AS "largest",
              (
                CAST("t29"."unit" AS Nullable(Int64)) * 4294967296
              ) + "t29"."item" AS "pair"
            FROM (
              SELECT
                "t3"."artifact" AS "artifact",
                "t3"."largest" AS "largest",
                "t3"."item" AS "item",
                "t3"."consumer" AS "unit"
              FROM "fetched" AS "t3"
              LEFT SEMI JOIN (
                SELECT
                  "t10"."unit" AS "unit"
                FROM (
                  SELECT
                    "t2"."consumer" AS "unit",
                    MAX("t2"."client") - MIN("t2"."client") AS "clients",
                    MAX("t2"."consumer") - MIN("t2"."consumer") AS "consumers"
                  FROM "days" AS "t2"
                  GROUP BY
                    "t2"."consumer"
                ) AS "t10"
                WHERE
                  "t10"."unit" >= 0
                  AND (
                    (
                      "t10"."clients" > 0
                    ) OR (
                      "t10"."consumers" > 0
                    )
                  )
              ) AS "t26"
                ON "t3"."consumer" = "t26"."unit"
            ) AS "t29"
          ) AS "t34"
          GROUP BY
            "t34"."pair"
        ) AS "t37"
      ) AS "t42"
      CROSS JOIN (
        SELECT
          COUNT(*) AS "unsized"
        FROM (
          SELECT
            *
          FROM "facts" AS "t1"
          WHERE
            "t1"."kind" <> 'own'
            AND "t1"."item" >= 0
            AND "t1"."status" = 200
            AND "t1"."method" IN ('GET', '')
            AND "t1"."sent" < 0
            AND "t1"."consumer" >= 0
        ) AS "t7"
      ) AS "t16"
    ) AS "t45"
  ) AS "t47"
) AS "t54"
ORDER BY
  "t54"."rung" ASC
;

-- query short: chained parameters
SELECT
  *
FROM (
  SELECT
    "t4"."rung" AS "rung",
    SUM("t4"."requests" - 1) AS "requests",
    SUM("t4"."bytes") AS "bytes",
    SUM("t4"."unsized") AS "unsized"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t0"."rung" AS "rung",
        "t0"."pair" AS "pair",
        "t0"."chain" AS "chain",
        COUNT(*) AS "requests",
        COALESCE(sumIf(GREATEST("t0"."sent", 0), "t0"."begins" = 0), 0) AS "bytes",
        countIf((
          "t0"."begins" = 0
        ) AND (
          "t0"."sent" < 0
        )) AS "unsized",
        MAX("t0"."at") - MIN("t0"."at") AS "span"
      FROM "chained" AS "t0"
      GROUP BY
        "t0"."rung",
        "t0"."pair",
        "t0"."chain"
    ) AS "t3"
    WHERE
      "t3"."span" < (
        SELECT
          "t1"."fresh" AS "fresh"
        FROM "parameters" AS "t1"
      )
  ) AS "t4"
  GROUP BY
    "t4"."rung"
) AS "t5"
ORDER BY
  "t5"."rung" ASC
;

-- query long: chained parameters
SELECT
  *
FROM (
  SELECT
    "t2"."rung" AS "rung",
    "t2"."pair" AS "pair",
    "t2"."chain" AS "chain",
    "t2"."at" AS "at",
    "t2"."sent" AS "sent"
  FROM "chained" AS "t2"
  LEFT SEMI JOIN (
    SELECT
      *
    FROM (
      SELECT
        "t0"."rung" AS "rung",
        "t0"."pair" AS "pair",
        "t0"."chain" AS "chain",
        COUNT(*) AS "requests",
        COALESCE(sumIf(GREATEST("t0"."sent", 0), "t0"."begins" = 0), 0) AS "bytes",
        countIf((
          "t0"."begins" = 0
        ) AND (
          "t0"."sent" < 0
        )) AS "unsized",
        MAX("t0"."at") - MIN("t0"."at") AS "span"
      FROM "chained" AS "t0"
      GROUP BY
        "t0"."rung",
        "t0"."pair",
        "t0"."chain"
    ) AS "t4"
    WHERE
      "t4"."span" >= (
        SELECT
          "t1"."fresh" AS "fresh"
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
  "t17"."rung" AS "rung",
  "t17"."units" AS "units",
  "t17"."downloads" AS "downloads",
  "t17"."direct" AS "direct",
  CAST("t17"."direct" AS Nullable(Float64)) / nullIf(CAST("t17"."downloads" AS Nullable(Float64)), 0) AS "share"
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS "rung",
        "t11"."units" AS "units",
        "t11"."downloads" AS "downloads",
        "t11"."direct" AS "direct"
      FROM (
        SELECT
          COUNT(*) AS "units",
          COALESCE(SUM(CAST("t8"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
          COALESCE(SUM(CAST("t8"."downloads" - "t8"."through" AS Nullable(Decimal(38, 0)))), 0) AS "direct"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t2"."unit" AS "unit",
              countIf("t2"."proxy") AS "proxies",
              SUM("t2"."downloads") AS "downloads",
              COALESCE(sumIf(CAST("t2"."downloads" AS Nullable(Decimal(38, 0))), "t2"."proxy"), 0) AS "through"
            FROM (
              SELECT
                "t0"."day" AS "day",
                "t0"."stream" AS "stream",
                "t0"."client" AS "client",
                "t0"."network" AS "network",
                "t0"."consumer" AS "consumer",
                "t0"."ecosystem" AS "ecosystem",
                "t0"."requests" AS "requests",
                "t0"."downloads" AS "downloads",
                "t0"."bytes" AS "bytes",
                "t0"."software" AS "software",
                "t0"."software_kind" AS "software_kind",
                "t0"."purpose" AS "purpose",
                "t0"."tool_ecosystem" AS "tool_ecosystem",
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
              "t2"."unit"
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
        "t12"."units" AS "units",
        "t12"."downloads" AS "downloads",
        "t12"."direct" AS "direct"
      FROM (
        SELECT
          COUNT(*) AS "units",
          COALESCE(SUM(CAST("t9"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
          COALESCE(SUM(CAST("t9"."downloads" - "t9"."through" AS Nullable(Decimal(38, 0)))), 0) AS "direct"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t3"."unit" AS "unit",
              countIf("t3"."proxy") AS "proxies",
              SUM("t3"."downloads") AS "downloads",
              COALESCE(sumIf(CAST("t3"."downloads" AS Nullable(Decimal(38, 0))), "t3"."proxy"), 0) AS "through"
            FROM (
              SELECT
                "t0"."day" AS "day",
                "t0"."stream" AS "stream",
                "t0"."client" AS "client",
                "t0"."network" AS "network",
                "t0"."consumer" AS "consumer",
                "t0"."ecosystem" AS "ecosystem",
                "t0"."requests" AS "requests",
                "t0"."downloads" AS "downloads",
                "t0"."bytes" AS "bytes",
                "t0"."software" AS "software",
                "t0"."software_kind" AS "software_kind",
                "t0"."purpose" AS "purpose",
                "t0"."tool_ecosystem" AS "tool_ecosystem",
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
              "t3"."unit"
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
      "t10"."units" AS "units",
      "t10"."downloads" AS "downloads",
      "t10"."direct" AS "direct"
    FROM (
      SELECT
        COUNT(*) AS "units",
        COALESCE(SUM(CAST("t7"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
        COALESCE(SUM(CAST("t7"."downloads" - "t7"."through" AS Nullable(Decimal(38, 0)))), 0) AS "direct"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t1"."unit" AS "unit",
            countIf("t1"."proxy") AS "proxies",
            SUM("t1"."downloads") AS "downloads",
            COALESCE(sumIf(CAST("t1"."downloads" AS Nullable(Decimal(38, 0))), "t1"."proxy"), 0) AS "through"
          FROM (
            SELECT
              "t0"."day" AS "day",
              "t0"."stream" AS "stream",
              "t0"."client" AS "client",
              "t0"."network" AS "network",
              "t0"."consumer" AS "consumer",
              "t0"."ecosystem" AS "ecosystem",
              "t0"."requests" AS "requests",
              "t0"."downloads" AS "downloads",
              "t0"."bytes" AS "bytes",
              "t0"."software" AS "software",
              "t0"."software_kind" AS "software_kind",
              "t0"."purpose" AS "purpose",
              "t0"."tool_ecosystem" AS "tool_ecosystem",
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
            "t1"."unit"
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
  "t8"."packages" AS "packages",
  "t8"."versions" AS "versions",
  "t8"."most" AS "most",
  CAST("t8"."versions" AS Nullable(Float64)) / nullIf(CAST("t8"."packages" AS Nullable(Float64)), 0) AS "mean"
FROM (
  SELECT
    COUNT(*) AS "packages",
    COALESCE(SUM(CAST("t7"."versions" AS Nullable(Decimal(38, 0)))), 0) AS "versions",
    COALESCE(MAX("t7"."versions"), 0) AS "most"
  FROM (
    SELECT
      "t6"."package" AS "package",
      uniq("t6"."version") AS "versions"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t4"."item" AS "item",
          "t4"."package" AS "package",
          "t4"."version" AS "version"
        FROM (
          SELECT
            "t0"."item" AS "item",
            "t0"."package" AS "package",
            "t0"."version" AS "version"
          FROM "items" AS "t0"
        ) AS "t4"
        LEFT SEMI JOIN "taken" AS "t2"
          ON "t4"."item" = "t2"."item"
      ) AS "t5"
      WHERE
        "t5"."package" >= 0 AND "t5"."version" <> ''
    ) AS "t6"
    GROUP BY
      "t6"."package"
  ) AS "t7"
) AS "t8"
;

-- query purposes: visits
SELECT
  *
FROM (
  SELECT
    "t1"."value" AS "value",
    "t1"."requests" AS "requests",
    "t1"."downloads" AS "downloads",
    "t1"."bytes" AS "bytes",
    "t1"."streams" AS "streams",
    CAST("t1"."requests" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."purpose" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
      uniqIf("t0"."stream", "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      "t0"."purpose"
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
    "t1"."value" AS "value",
    "t1"."requests" AS "requests",
    "t1"."downloads" AS "downloads",
    "t1"."bytes" AS "bytes",
    "t1"."streams" AS "streams",
    CAST("t1"."requests" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."ecosystem" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
      uniqIf("t0"."stream", "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      "t0"."ecosystem"
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
    "t1"."value" AS "value",
    "t1"."requests" AS "requests",
    "t1"."downloads" AS "downloads",
    "t1"."bytes" AS "bytes",
    "t1"."streams" AS "streams",
    CAST("t1"."requests" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."software" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
      uniqIf("t0"."stream", "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      "t0"."software"
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
    "t1"."value" AS "value",
    "t1"."requests" AS "requests",
    "t1"."downloads" AS "downloads",
    "t1"."bytes" AS "bytes",
    "t1"."streams" AS "streams",
    CAST("t1"."requests" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."requests") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "requests_share",
    CAST("t1"."downloads" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."downloads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "downloads_share",
    CAST("t1"."bytes" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."bytes") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "bytes_share",
    CAST("t1"."streams" AS Nullable(Float64)) / nullIf(
      CAST(SUM("t1"."streams") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)),
      0
    ) AS "streams_share"
  FROM (
    SELECT
      "t0"."software_kind" AS "value",
      COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(SUM(CAST("t0"."downloads" AS Nullable(Decimal(38, 0)))), 0) AS "downloads",
      COALESCE(SUM(CAST("t0"."bytes" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
      uniqIf("t0"."stream", "t0"."stream" >= 0) AS "streams"
    FROM "visits" AS "t0"
    GROUP BY
      "t0"."software_kind"
  ) AS "t1"
) AS "t2"
ORDER BY
  "t2"."requests" DESC,
  "t2"."value" ASC
;

-- query coverage: items parameters taken
SELECT
  "t11"."packages" AS "packages",
  "t11"."catalogue" AS "catalogue",
  CAST("t11"."packages" AS Nullable(Float64)) / nullIf(CAST("t11"."catalogue" AS Nullable(Float64)), 0) AS "share"
FROM (
  SELECT
    "t10"."packages" AS "packages",
    "t6"."catalogue" AS "catalogue"
  FROM (
    SELECT
      uniqIf("t8"."package", "t8"."package" >= 0) AS "packages"
    FROM (
      SELECT
        "t7"."item" AS "item",
        "t7"."package" AS "package",
        "t7"."version" AS "version"
      FROM (
        SELECT
          "t1"."item" AS "item",
          "t1"."package" AS "package",
          "t1"."version" AS "version"
        FROM "items" AS "t1"
      ) AS "t7"
      LEFT SEMI JOIN "taken" AS "t3"
        ON "t7"."item" = "t3"."item"
    ) AS "t8"
  ) AS "t10"
  CROSS JOIN (
    SELECT
      "t0"."catalogue" AS "catalogue"
    FROM "parameters" AS "t0"
  ) AS "t6"
) AS "t11"
;

-- query lag: facts items published
SELECT
  COUNT(*) AS "downloads",
  CASE
    WHEN COUNT(*) > 0
    THEN minIf("t12"."lag", (
      "t12"."rank" * 100
    ) >= (
      "t12"."downloads" * 10
    ))
    ELSE CAST(NULL AS Nullable(Float64))
  END AS "p10",
  CASE
    WHEN COUNT(*) > 0
    THEN minIf("t12"."lag", (
      "t12"."rank" * 100
    ) >= (
      "t12"."downloads" * 50
    ))
    ELSE CAST(NULL AS Nullable(Float64))
  END AS "p50",
  CASE
    WHEN COUNT(*) > 0
    THEN minIf("t12"."lag", (
      "t12"."rank" * 100
    ) >= (
      "t12"."downloads" * 90
    ))
    ELSE CAST(NULL AS Nullable(Float64))
  END AS "p90",
  CAST(countIf("t12"."lag" <= 300) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "within_5min",
  CAST(countIf("t12"."lag" <= 3600) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "within_1h",
  CAST(countIf("t12"."lag" <= 86400) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "within_1d"
FROM (
  SELECT
    "t11"."lag" AS "lag",
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
          "t3"."item" AS "item",
          "t7"."published_at" AS "published_at"
        FROM "items" AS "t3"
        INNER JOIN (
          SELECT
            "t2"."purl" AS "purl",
            MIN("t2"."at") AS "published_at"
          FROM "published" AS "t2"
          GROUP BY
            "t2"."purl"
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
  "t12"."requests" AS "requests",
  "t20"."chased" AS "chased",
  CAST("t20"."chased" AS Nullable(Float64)) / nullIf(CAST("t12"."requests" AS Nullable(Float64)), 0) AS "share"
FROM (
  SELECT
    COALESCE(SUM(CAST("t18"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "chased"
  FROM (
    SELECT DISTINCT
      "t17"."package" AS "package",
      "t17"."moment" AS "moment",
      "t17"."requests" AS "requests"
    FROM (
      SELECT
        "t13"."package" AS "package",
        "t13"."moment" AS "moment",
        "t13"."requests" AS "requests",
        "t16"."published_at" AS "published_at"
      FROM (
        SELECT
          "t7"."package" AS "package",
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
          "t7"."package",
          "t7"."at"
      ) AS "t13"
      INNER JOIN (
        SELECT DISTINCT
          *
        FROM (
          SELECT
            "t5"."package" AS "package",
            "t9"."published_at" AS "published_at"
          FROM "items" AS "t5"
          INNER JOIN (
            SELECT
              "t4"."purl" AS "purl",
              MIN("t4"."at") AS "published_at"
            FROM "published" AS "t4"
            GROUP BY
              "t4"."purl"
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
          "t1"."chase" AS "chase"
        FROM "parameters" AS "t1"
      )
  ) AS "t18"
) AS "t20"
CROSS JOIN (
  SELECT
    COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests"
  FROM "ways" AS "t0"
) AS "t12"
;

-- query bounded_client: facts
SELECT
  "t0"."client" AS "unit",
  "t0"."at" AS "at",
  "t0"."item" AS "item",
  "t0"."sent" AS "sent"
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
  "t0"."at" AS "at",
  "t0"."item" AS "item",
  "t0"."sent" AS "sent"
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
  "t0"."at" AS "at",
  "t0"."item" AS "item",
  "t0"."sent" AS "sent"
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
  "t0"."at" AS "at",
  "t0"."item" AS "item",
  "t0"."sent" AS "sent"
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
CAST(FLOOR("at" / 3600) AS Nullable(Int64))
;

-- time day: at
CAST(FLOOR("at" / 86400) AS Nullable(Int64))
;

-- time weekday: at
(CAST(FLOOR("at" / 86400) AS Nullable(Int64)) + 3) % 7
;

-- measure requests: 
COUNT(*)
;

-- measure bytes: sent
COALESCE(SUM(CAST(GREATEST("sent", 0) AS Nullable(Decimal(38, 0)))), 0)
;

-- measure bytes_unknown: sent
COALESCE(SUM(CAST(CAST("sent" < 0 AS Nullable(Int64)) AS Nullable(Decimal(38, 0)))), 0)
;

-- measure downloads_npm_like: kind method status
countIf("method" IN ('GET', '') AND "status" IN (200) AND ("kind" = 'artifact'))
;

-- measure downloads_ruby_like: kind method status
countIf("method" IN ('GET', '') AND "status" IN (200, 304) AND ("kind" = 'artifact'))
;

-- measure downloads_rust_like: ecosystem kind method software_kind status tool_ecosystem
countIf("method" IN ('GET', '') AND "status" IN (200) AND ("kind" = 'artifact') AND (("software_kind" = 'installer') AND ("tool_ecosystem" = "ecosystem") AND ("ecosystem" <> '')))
;

-- measure download_bytes: kind method sent status
COALESCE(sumIf(CAST(GREATEST("sent", 0) AS Nullable(Decimal(38, 0))), "method" IN ('GET', '') AND "status" IN (200) AND ("kind" = 'artifact')), 0)
;

-- measure revalidations: status
countIf("status" = 304)
;

-- measure conditional: status
countIf("status" IN (200, 304))
;

-- measure metadata_requests: kind
countIf("kind" IN ('index', 'listing', 'metadata', 'config', 'derived'))
;

-- measure errors: status
countIf("status" >= 400)
;

-- measure cache_hits: cache
countIf("cache" IN ('hit', 'revalidated', 'stale', 'peer'))
;

-- measure cache_asked: cache
countIf("cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass'))
;

-- measure cache_hit_bytes: cache sent
COALESCE(sumIf(CAST(GREATEST("sent", 0) AS Nullable(Decimal(38, 0))), "cache" IN ('hit', 'revalidated', 'stale', 'peer')), 0)
;

-- measure cache_asked_bytes: cache sent
COALESCE(sumIf(CAST(GREATEST("sent", 0) AS Nullable(Decimal(38, 0))), "cache" IN ('hit', 'revalidated', 'stale', 'peer', 'miss', 'bypass')), 0)
;

-- measure addresses: client
uniqIf("client", "client" >= 0)
;
