-- Written by `python -m tools.queries` from the ibis expressions beside this folder; edit those instead.
-- Tables: docs/measures.md. `step` queries are to be stored under their name, in this order; `query` ones answer.

-- step ways: facts
SELECT
  "t1"."kind" AS "kind",
  "t1"."method" AS "method",
  "t1"."status" AS "status",
  "t1"."cache" AS "cache",
  COUNT(*) AS "requests",
  COALESCE(SUM(CAST(GREATEST("t1"."sent", 0) AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
  countIf("t1"."sent" < 0) AS "unsized"
FROM (
  SELECT
    *
  FROM "facts" AS "t0"
  WHERE
    "t0"."kind" <> 'own'
) AS "t1"
GROUP BY
  "t1"."kind",
  "t1"."method",
  "t1"."status",
  "t1"."cache"
;

-- step visits: agents facts streams
SELECT
  "t9"."day" AS "day",
  "t9"."stream" AS "stream",
  "t9"."client" AS "client",
  "t9"."network" AS "network",
  "t9"."consumer" AS "consumer",
  "t9"."ecosystem" AS "ecosystem",
  "t9"."requests" AS "requests",
  "t9"."downloads" AS "downloads",
  "t9"."bytes" AS "bytes",
  COALESCE("t7"."software", '') AS "software",
  COALESCE("t7"."software_kind", '') AS "software_kind",
  COALESCE("t7"."purpose", '') AS "purpose",
  COALESCE("t7"."tool_ecosystem", '') AS "tool_ecosystem"
FROM (
  SELECT
    CAST(CAST(FLOOR("t5"."at" / 86400) AS Nullable(Int64)) AS Nullable(Int32)) AS "day",
    "t5"."stream" AS "stream",
    "t5"."client" AS "client",
    "t5"."network" AS "network",
    "t5"."consumer" AS "consumer",
    "t5"."ecosystem" AS "ecosystem",
    COUNT(*) AS "requests",
    countIf(
      "t5"."method" IN ('GET', '')
      AND "t5"."status" IN (200)
      AND (
        "t5"."kind" = 'artifact'
      )
    ) AS "downloads",
    CAST(SUM(CAST(GREATEST("t5"."sent", 0) AS Nullable(Float64))) AS Nullable(Int64)) AS "bytes"
  FROM (
    SELECT
      *
    FROM "facts" AS "t0"
    WHERE
      "t0"."kind" <> 'own'
  ) AS "t5"
  GROUP BY
    CAST(CAST(FLOOR("t5"."at" / 86400) AS Nullable(Int64)) AS Nullable(Int32)),
    "t5"."stream",
    "t5"."client",
    "t5"."network",
    "t5"."consumer",
    "t5"."ecosystem"
) AS "t9"
LEFT OUTER JOIN (
  SELECT
    "t3"."stream" AS "stream",
    "t3"."software" AS "software",
    "t3"."software_kind" AS "software_kind",
    "t3"."purpose" AS "purpose",
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
        FROM "visits" AS "t0"
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
      'network' AS "rung",
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
        FROM "visits" AS "t0"
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
    'consumer' AS "rung",
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
      FROM "visits" AS "t0"
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
  *
FROM (
  SELECT
    "t1"."rung" AS "rung",
    'requests' AS "weight",
    "t1"."requests" AS "value",
    (
      ROW_NUMBER() OVER (
        PARTITION BY "t1"."rung"
        ORDER BY "t1"."requests" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "rank",
    "t3"."units" AS "units"
  FROM "units" AS "t1"
  INNER JOIN (
    SELECT
      "t0"."rung" AS "rung",
      COUNT(*) AS "units"
    FROM "units" AS "t0"
    GROUP BY
      "t0"."rung"
  ) AS "t3"
    ON "t1"."rung" = "t3"."rung"
) AS "t4"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t1"."rung" AS "rung",
    'bytes' AS "weight",
    "t1"."bytes" AS "value",
    (
      ROW_NUMBER() OVER (
        PARTITION BY "t1"."rung"
        ORDER BY "t1"."bytes" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "rank",
    "t3"."units" AS "units"
  FROM "units" AS "t1"
  INNER JOIN (
    SELECT
      "t0"."rung" AS "rung",
      COUNT(*) AS "units"
    FROM "units" AS "t0"
    GROUP BY
      "t0"."rung"
  ) AS "t3"
    ON "t1"."rung" = "t3"."rung"
) AS "t5"
;

-- step minutes: facts
SELECT
  CAST(FLOOR("t1"."at" / 60) AS Nullable(Int64)) AS "minute",
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
  CAST(FLOOR("t1"."at" / 60) AS Nullable(Int64))
;

-- step fetched: facts
SELECT
  "t1"."client" AS "client",
  "t1"."consumer" AS "consumer",
  "t1"."item" AS "item",
  MAX("t1"."network") AS "network",
  MAX("t1"."kind" = 'artifact') AS "artifact",
  COUNT(*) AS "requests",
  CAST(SUM(CAST(GREATEST("t1"."sent", 0) AS Nullable(Float64))) AS Nullable(Int64)) AS "bytes",
  GREATEST(MAX("t1"."sent"), 0) AS "largest",
  countIf("t1"."sent" < 0) AS "unsized"
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
  SUM("t1"."requests") AS "downloads"
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
        (
          (
            (
              CAST("t0"."network" AS Nullable(Int64)) * 1048583
            ) + "t0"."document"
          ) % 1073741789
        ) * 4294967296
      ) + LEAST(GREATEST(CAST(FLOOR("t0"."at") AS Nullable(Int64)), 0), 4294967295) AS "place"
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
        leadInFrame("t4"."place", 1, 4611686967615160320) OVER (
          ORDER BY "t4"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - "t4"."place" AS "after"
      FROM (
        SELECT
          (
            (
              (
                (
                  CAST("t0"."network" AS Nullable(Int64)) * 1048583
                ) + "t0"."document"
              ) % 1073741789
            ) * 4294967296
          ) + LEAST(GREATEST(CAST(FLOOR("t0"."at") AS Nullable(Int64)), 0), 4294967295) AS "place"
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

-- step near_wide: facts parameters visits
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
        FROM "visits" AS "t2"
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
        (
          (
            (
              CAST("t11"."consumer" AS Nullable(Int64)) * 1048583
            ) + "t11"."document"
          ) % 1073741789
        ) * 4294967296
      ) + LEAST(GREATEST(CAST(FLOOR("t11"."at") AS Nullable(Int64)), 0), 4294967295) AS "place"
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
        leadInFrame("t13"."place", 1, 4611686967615160320) OVER (
          ORDER BY "t13"."place" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - "t13"."place" AS "after"
      FROM (
        SELECT
          (
            (
              (
                (
                  CAST("t11"."consumer" AS Nullable(Int64)) * 1048583
                ) + "t11"."document"
              ) % 1073741789
            ) * 4294967296
          ) + LEAST(GREATEST(CAST(FLOOR("t11"."at") AS Nullable(Int64)), 0), 4294967295) AS "place"
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

-- step chained: near near_wide parameters
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      'address' AS "rung",
      "t17"."pair" AS "pair",
      "t17"."chain" AS "chain",
      "t17"."at" AS "at",
      "t17"."sent" AS "sent",
      "t17"."begins" AS "begins"
    FROM (
      SELECT
        "t14"."document" AS "document",
        "t14"."at" AS "at",
        "t14"."sent" AS "sent",
        "t14"."unit" AS "unit",
        "t14"."pair" AS "pair",
        "t14"."before" AS "before",
        "t14"."begins" AS "begins",
        SUM("t14"."begins") OVER (
          PARTITION BY "t14"."pair"
          ORDER BY "t14"."at" ASC, "t14"."begins" DESC, "t14"."sent" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "chain"
      FROM (
        SELECT
          "t11"."document" AS "document",
          "t11"."at" AS "at",
          "t11"."sent" AS "sent",
          "t11"."unit" AS "unit",
          "t11"."pair" AS "pair",
          "t11"."before" AS "before",
          CAST((
            "t11"."at" - "t11"."before"
          ) >= (
            SELECT
              "t2"."fresh" AS "fresh"
            FROM "parameters" AS "t2"
          ) AS Nullable(Int64)) AS "begins"
        FROM (
          SELECT
            "t8"."document" AS "document",
            "t8"."at" AS "at",
            "t8"."sent" AS "sent",
            "t8"."unit" AS "unit",
            "t8"."pair" AS "pair",
            lagInFrame("t8"."at", 1, -1E+18) OVER (
              PARTITION BY "t8"."pair"
              ORDER BY "t8"."at" ASC, "t8"."sent" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS "before"
          FROM (
            SELECT
              "t0"."document" AS "document",
              "t0"."at" AS "at",
              "t0"."sent" AS "sent",
              "t0"."client" AS "unit",
              (
                CAST("t0"."client" AS Nullable(Int64)) * 4294967296
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
      "t18"."pair" AS "pair",
      "t18"."chain" AS "chain",
      "t18"."at" AS "at",
      "t18"."sent" AS "sent",
      "t18"."begins" AS "begins"
    FROM (
      SELECT
        "t15"."document" AS "document",
        "t15"."at" AS "at",
        "t15"."sent" AS "sent",
        "t15"."unit" AS "unit",
        "t15"."pair" AS "pair",
        "t15"."before" AS "before",
        "t15"."begins" AS "begins",
        SUM("t15"."begins") OVER (
          PARTITION BY "t15"."pair"
          ORDER BY "t15"."at" ASC, "t15"."begins" DESC, "t15"."sent" DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS "chain"
      FROM (
        SELECT
          "t12"."document" AS "document",
          "t12"."at" AS "at",
          "t12"."sent" AS "sent",
          "t12"."unit" AS "unit",
          "t12"."pair" AS "pair",
          "t12"."before" AS "before",
          CAST((
            "t12"."at" - "t12"."before"
          ) >= (
            SELECT
              "t2"."fresh" AS "fresh"
            FROM "parameters" AS "t2"
          ) AS Nullable(Int64)) AS "begins"
        FROM (
          SELECT
            "t9"."document" AS "document",
            "t9"."at" AS "at",
            "t9"."sent" AS "sent",
            "t9"."unit" AS "unit",
            "t9"."pair" AS "pair",
            lagInFrame("t9"."at", 1, -1E+18) OVER (
              PARTITION BY "t9"."pair"
              ORDER BY "t9"."at" ASC, "t9"."sent" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS "before"
          FROM (
            SELECT
              "t0"."document" AS "document",
              "t0"."at" AS "at",
              "t0"."sent" AS "sent",
              "t0"."network" AS "unit",
              (
                CAST("t0"."network" AS Nullable(Int64)) * 4294967296
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
    "t24"."pair" AS "pair",
    "t24"."chain" AS "chain",
    "t24"."at" AS "at",
    "t24"."sent" AS "sent",
    "t24"."begins" AS "begins"
  FROM (
    SELECT
      "t23"."document" AS "document",
      "t23"."at" AS "at",
      "t23"."sent" AS "sent",
      "t23"."unit" AS "unit",
      "t23"."pair" AS "pair",
      "t23"."before" AS "before",
      "t23"."begins" AS "begins",
      SUM("t23"."begins") OVER (
        PARTITION BY "t23"."pair"
        ORDER BY "t23"."at" ASC, "t23"."begins" DESC, "t23"."sent" DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS "chain"
    FROM (
      SELECT
        "t19"."document" AS "document",
        "t19"."at" AS "at",
        "t19"."sent" AS "sent",
        "t19"."unit" AS "unit",
        "t19"."pair" AS "pair",
        "t19"."before" AS "before",
        CAST((
          "t19"."at" - "t19"."before"
        ) >= (
          SELECT
            "t2"."fresh" AS "fresh"
          FROM "parameters" AS "t2"
        ) AS Nullable(Int64)) AS "begins"
      FROM (
        SELECT
          "t16"."document" AS "document",
          "t16"."at" AS "at",
          "t16"."sent" AS "sent",
          "t16"."unit" AS "unit",
          "t16"."pair" AS "pair",
          lagInFrame("t16"."at", 1, -1E+18) OVER (
            PARTITION BY "t16"."pair"
            ORDER BY "t16"."at" ASC, "t16"."sent" DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) AS "before"
        FROM (
          SELECT
            "t13"."document" AS "document",
            "t13"."at" AS "at",
            "t13"."sent" AS "sent",
            "t13"."unit" AS "unit",
            (
              CAST("t13"."unit" AS Nullable(Int64)) * 4294967296
            ) + "t13"."document" AS "pair"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t7"."document" AS "document",
                "t7"."at" AS "at",
                "t7"."sent" AS "sent",
                "t7"."unit" AS "unit"
              FROM (
                SELECT
                  "t0"."document" AS "document",
                  "t0"."at" AS "at",
                  "t0"."sent" AS "sent",
                  "t0"."consumer" AS "unit"
                FROM "near" AS "t0"
                WHERE
                  "t0"."consumer" >= 0
              ) AS "t7"
              LEFT ANTI JOIN "near_wide" AS "t3"
                ON "t7"."unit" = "t3"."consumer"
            ) AS "t10"
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

-- query window: minutes parameters
SELECT
  "t7"."since" AS "since",
  "t7"."until" AS "until",
  "t7"."seconds" AS "seconds",
  "t7"."requests" AS "requests",
  CAST("t7"."requests" AS Nullable(Float64)) / nullIf("t7"."seconds", 0) AS "mean",
  "t7"."peak" / 60.0 AS "peak",
  "t7"."peak_at" AS "peak_at"
FROM (
  SELECT
    "t4"."since" AS "since",
    "t4"."until" AS "until",
    "t4"."requests" AS "requests",
    "t4"."peak" AS "peak",
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
        CAST(FLOOR("t4"."until") AS Nullable(Int64)) - CAST(FLOOR("t4"."since") AS Nullable(Int64))
      ) + 1 AS Nullable(Float64))
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
      COALESCE(SUM(CAST("t0"."requests" AS Nullable(Decimal(38, 0)))), 0) AS "requests",
      COALESCE(MAX("t0"."requests"), 0) AS "peak"
    FROM "minutes" AS "t0"
  ) AS "t4"
) AS "t7"
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
WITH "t10" AS (
  SELECT
    "t7"."stream" AS "stream",
    "t7"."client" AS "client",
    "t7"."item" AS "item",
    "t7"."at" AS "at",
    "t7"."status" AS "status",
    "t7"."sent" AS "sent"
  FROM (
    SELECT
      "t1"."stream" AS "stream",
      "t1"."client" AS "client",
      "t1"."item" AS "item",
      "t1"."at" AS "at",
      "t1"."status" AS "status",
      "t1"."sent" AS "sent"
    FROM "facts" AS "t1"
    WHERE
      "t1"."kind" <> 'own'
      AND "t1"."kind" = 'artifact'
      AND "t1"."status" IN (200, 206, 304)
      AND "t1"."method" IN ('GET', '')
  ) AS "t7"
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
  ) AS "t9"
    ON "t7"."stream" = "t9"."stream"
), "t14" AS (
  SELECT
    "t13"."client" AS "client",
    "t13"."item" AS "item",
    CAST(FLOOR("t13"."at" / 3600) AS Nullable(Int64)) AS "hour",
    MIN("t13"."at") AS "at",
    COALESCE(SUM(CAST("t13"."sent" AS Nullable(Decimal(38, 0)))), 0) AS "bytes",
    countIf("t13"."sent" < 0) AS "unsized"
  FROM (
    SELECT
      *
    FROM "t10" AS "t11"
    WHERE
      "t11"."status" = 206 AND "t11"."item" >= 0
  ) AS "t13"
  GROUP BY
    "t13"."client",
    "t13"."item",
    CAST(FLOOR("t13"."at" / 3600) AS Nullable(Int64))
), "t23" AS (
  SELECT
    *
  FROM (
    SELECT
      "t11"."client" AS "client",
      "t11"."item" AS "item",
      "t11"."at" AS "at"
    FROM "t10" AS "t11"
    WHERE
      "t11"."status" <> 206
  ) AS "t12"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t21"."client" AS "client",
      "t21"."item" AS "item",
      "t21"."at" AS "at"
    FROM (
      SELECT
        "t16"."client" AS "client",
        "t16"."at" AS "at",
        "t16"."item" AS "item",
        "t16"."bytes" AS "bytes",
        "t16"."unsized" AS "unsized",
        COALESCE("t20"."size", 0) AS "size"
      FROM "t14" AS "t16"
      LEFT OUTER JOIN (
        SELECT
          "t18"."item" AS "item",
          MAX("t18"."largest") AS "size"
        FROM (
          SELECT
            "t4"."client" AS "client",
            "t4"."consumer" AS "consumer",
            "t4"."item" AS "item",
            "t4"."network" AS "network",
            "t4"."artifact" AS "artifact",
            "t4"."requests" AS "requests",
            "t4"."bytes" AS "bytes",
            "t4"."largest" AS "largest",
            "t4"."unsized" AS "unsized"
          FROM "fetched" AS "t4"
          LEFT SEMI JOIN "t14" AS "t17"
            ON "t4"."item" = "t17"."item"
        ) AS "t18"
        GROUP BY
          "t18"."item"
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
    countIf(
      (
        "t35"."at" - "t35"."before"
      ) <= (
        SELECT
          "t0"."collapse" AS "collapse"
        FROM "parameters" AS "t0"
      )
    ) AS "repeats"
  FROM (
    SELECT
      "t34"."client" AS "client",
      "t34"."item" AS "item",
      "t34"."at" AS "at",
      lagInFrame("t34"."at", 1, -1E+18) OVER (
        PARTITION BY "t34"."client", "t34"."item"
        ORDER BY "t34"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "before"
    FROM (
      SELECT
        "t33"."client" AS "client",
        "t33"."item" AS "item",
        "t33"."at" AS "at"
      FROM (
        SELECT
          "t29"."client" AS "client",
          "t29"."item" AS "item",
          "t29"."at" AS "at",
          "t29"."place" AS "place"
        FROM (
          SELECT
            "t24"."client" AS "client",
            "t24"."item" AS "item",
            "t24"."at" AS "at",
            (
              (
                (
                  (
                    CAST("t24"."client" AS Nullable(Int64)) * 1048583
                  ) + "t24"."item"
                ) % 1073741789
              ) * 4294967296
            ) + LEAST(GREATEST(CAST(FLOOR("t24"."at") AS Nullable(Int64)), 0), 4294967295) AS "place"
          FROM "t23" AS "t24"
          WHERE
            "t24"."client" >= 0 AND "t24"."item" >= 0
        ) AS "t29"
        LEFT SEMI JOIN (
          SELECT
            *
          FROM (
            SELECT
              "t28"."place" AS "place",
              "t28"."place" - lagInFrame("t28"."place", 1, -1099511627776) OVER (
                ORDER BY "t28"."place" ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
              ) AS "before",
              leadInFrame("t28"."place", 1, 4611686967615160320) OVER (
                ORDER BY "t28"."place" ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
              ) - "t28"."place" AS "after"
            FROM (
              SELECT
                (
                  (
                    (
                      (
                        CAST("t24"."client" AS Nullable(Int64)) * 1048583
                      ) + "t24"."item"
                    ) % 1073741789
                  ) * 4294967296
                ) + LEAST(GREATEST(CAST(FLOOR("t24"."at") AS Nullable(Int64)), 0), 4294967295) AS "place"
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
                    "t0"."collapse" AS "collapse"
                  FROM "parameters" AS "t0"
                ) + 1
              )
            )
            OR (
              "t30"."after" <= (
                (
                  SELECT
                    "t0"."collapse" AS "collapse"
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
  "t3"."rung" AS "rung",
  "t3"."weight" AS "weight",
  "t3"."units" AS "units",
  "t3"."top_units" AS "top_units",
  "t3"."total" AS "total",
  "t3"."top" AS "top",
  CAST("t3"."top" AS Nullable(Float64)) / nullIf(CAST("t3"."total" AS Nullable(Float64)), 0) AS "share",
  (
    (
      CAST("t3"."moment" AS Nullable(Float64)) * 2.0
    ) / nullIf(
      CAST("t3"."units" AS Nullable(Float64)) * CAST("t3"."total" AS Nullable(Float64)),
      0
    )
  ) - (
    (
      CAST("t3"."units" AS Nullable(Float64)) + 1.0
    ) / CAST("t3"."units" AS Nullable(Float64))
  ) AS "gini"
FROM (
  SELECT
    "t0"."rung" AS "rung",
    "t0"."weight" AS "weight",
    MAX("t0"."units") AS "units",
    MAX(
      CAST(FLOOR(
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
    ) AS "top_units",
    COALESCE(SUM(CAST("t0"."value" AS Nullable(Decimal(38, 0)))), 0) AS "total",
    COALESCE(
      sumIf(
        CAST("t0"."value" AS Nullable(Decimal(38, 0))),
        "t0"."rank" > (
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
    ) AS "top",
    COALESCE(
      SUM(
        CAST("t0"."rank" AS Nullable(Decimal(38, 0))) * CAST("t0"."value" AS Nullable(Decimal(38, 0)))
      ),
      0
    ) AS "moment"
  FROM "ranked" AS "t0"
  GROUP BY
    "t0"."rung",
    "t0"."weight"
) AS "t3"
ORDER BY
  "t3"."rung" ASC,
  "t3"."weight" ASC
;

-- query daily: parameters unit_days
WITH "t3" AS (
  SELECT
    "t0"."rung" AS "rung",
    "t0"."unit" AS "unit",
    "t0"."day" AS "day",
    "t0"."requests" AS "requests",
    "t0"."bytes" AS "bytes",
    "t0"."requests" AS "value",
    CAST(CAST(FLOOR(LOG2(CAST("t0"."requests" AS Nullable(Float64)) + 1.0)) AS Nullable(Int64)) AS Nullable(Int32)) AS "magnitude"
  FROM "unit_days" AS "t0"
), "t4" AS (
  SELECT
    "t0"."rung" AS "rung",
    "t0"."unit" AS "unit",
    "t0"."day" AS "day",
    "t0"."requests" AS "requests",
    "t0"."bytes" AS "bytes",
    "t0"."bytes" AS "value",
    CAST(CAST(FLOOR(LOG2(CAST("t0"."bytes" AS Nullable(Float64)) + 1.0)) AS Nullable(Int64)) AS Nullable(Int32)) AS "magnitude"
  FROM "unit_days" AS "t0"
), "t15" AS (
  SELECT
    *
  FROM (
    SELECT
      "t11"."rung" AS "rung",
      "t11"."day" AS "day",
      "t11"."magnitude" AS "magnitude",
      "t11"."n" AS "n",
      "t11"."sum" AS "sum",
      "t11"."units" AS "units",
      "t11"."total" AS "total",
      "t11"."upto" AS "upto",
      "t11"."sum_upto" AS "sum_upto",
      CAST(FLOOR(
        (
          (
            "t11"."units" * (
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
        "t9"."day" AS "day",
        "t9"."magnitude" AS "magnitude",
        "t9"."n" AS "n",
        "t9"."sum" AS "sum",
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
          "t5"."rung" AS "rung",
          "t5"."day" AS "day",
          "t5"."magnitude" AS "magnitude",
          COUNT(*) AS "n",
          COALESCE(SUM(CAST("t5"."value" AS Nullable(Decimal(38, 0)))), 0) AS "sum"
        FROM "t3" AS "t5"
        GROUP BY
          "t5"."rung",
          "t5"."day",
          "t5"."magnitude"
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
      "t12"."rung" AS "rung",
      "t12"."day" AS "day",
      "t12"."magnitude" AS "magnitude",
      "t12"."n" AS "n",
      "t12"."sum" AS "sum",
      "t12"."units" AS "units",
      "t12"."total" AS "total",
      "t12"."upto" AS "upto",
      "t12"."sum_upto" AS "sum_upto",
      CAST(FLOOR(
        (
          (
            "t12"."units" * (
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
        "t10"."rung" AS "rung",
        "t10"."day" AS "day",
        "t10"."magnitude" AS "magnitude",
        "t10"."n" AS "n",
        "t10"."sum" AS "sum",
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
          "t6"."rung" AS "rung",
          "t6"."day" AS "day",
          "t6"."magnitude" AS "magnitude",
          COUNT(*) AS "n",
          COALESCE(SUM(CAST("t6"."value" AS Nullable(Decimal(38, 0)))), 0) AS "sum"
        FROM "t4" AS "t6"
        GROUP BY
          "t6"."rung",
          "t6"."day",
          "t6"."magnitude"
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
      "t31"."rung" AS "rung",
      "t31"."weight" AS "weight",
      "t31"."day" AS "day",
      "t31"."units" AS "units",
      "t31"."top_units" AS "top_units",
      "t31"."share" AS "share"
    FROM (
      SELECT
        "t19"."rung" AS "rung",
        "t19"."day" AS "day",
        'requests' AS "weight",
        "t19"."units" AS "units",
        "t19"."top_units" AS "top_units",
        CAST((
          "t19"."sum_upto" - "t19"."sum"
        ) + "t29"."rest" AS Nullable(Float64)) / nullIf(CAST("t19"."total" AS Nullable(Float64)), 0) AS "share"
      FROM "t15" AS "t19"
      INNER JOIN (
        SELECT
          "t25"."rung" AS "rung",
          "t25"."day" AS "day",
          COALESCE(
            sumIf(CAST("t25"."value" AS Nullable(Decimal(38, 0))), "t25"."place" < "t25"."left"),
            0
          ) AS "rest"
        FROM (
          SELECT
            "t23"."rung" AS "rung",
            "t23"."day" AS "day",
            "t23"."value" AS "value",
            "t23"."left" AS "left",
            ROW_NUMBER() OVER (
              PARTITION BY "t23"."rung", "t23"."day"
              ORDER BY "t23"."value" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) - 1 AS "place"
          FROM (
            SELECT
              "t7"."rung" AS "rung",
              "t7"."day" AS "day",
              "t7"."value" AS "value",
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
          "t25"."rung",
          "t25"."day"
      ) AS "t29"
        ON "t19"."rung" = "t29"."rung" AND "t19"."day" = "t29"."day"
    ) AS "t31"
  ) AS "t33"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t32"."rung" AS "rung",
      "t32"."weight" AS "weight",
      "t32"."day" AS "day",
      "t32"."units" AS "units",
      "t32"."top_units" AS "top_units",
      "t32"."share" AS "share"
    FROM (
      SELECT
        "t21"."rung" AS "rung",
        "t21"."day" AS "day",
        'bytes' AS "weight",
        "t21"."units" AS "units",
        "t21"."top_units" AS "top_units",
        CAST((
          "t21"."sum_upto" - "t21"."sum"
        ) + "t30"."rest" AS Nullable(Float64)) / nullIf(CAST("t21"."total" AS Nullable(Float64)), 0) AS "share"
      FROM "t16" AS "t21"
      INNER JOIN (
        SELECT
          "t26"."rung" AS "rung",
          "t26"."day" AS "day",
          COALESCE(
            sumIf(CAST("t26"."value" AS Nullable(Decimal(38, 0))), "t26"."place" < "t26"."left"),
            0
          ) AS "rest"
        FROM (
          SELECT
            "t24"."rung" AS "rung",
            "t24"."day" AS "day",
            "t24"."value" AS "value",
            "t24"."left" AS "left",
            ROW_NUMBER() OVER (
              PARTITION BY "t24"."rung", "t24"."day"
              ORDER BY "t24"."value" DESC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) - 1 AS "place"
          FROM (
            SELECT
              "t8"."rung" AS "rung",
              "t8"."day" AS "day",
              "t8"."value" AS "value",
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
          "t26"."rung",
          "t26"."day"
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
    "t0"."rung" AS "rung",
    "t0"."weight" AS "weight",
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
    ) AS Nullable(Int64)) AS "percent",
    COALESCE(SUM(CAST("t0"."value" AS Nullable(Decimal(38, 0)))), 0) AS "value"
  FROM "ranked" AS "t0"
  GROUP BY
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
    ) AS Nullable(Int64))
) AS "t1"
ORDER BY
  "t1"."rung" ASC,
  "t1"."weight" ASC,
  "t1"."percent" ASC
;

-- query providers: clients visits
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
          FROM "visits" AS "t1"
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

-- query origins: clients visits
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
          FROM "visits" AS "t1"
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
  "t45"."rung" AS "rung",
  "t45"."downloads" AS "downloads",
  "t45"."download_pairs" AS "download_pairs",
  "t45"."requests" AS "requests",
  "t45"."bytes" AS "bytes",
  "t45"."unsized" AS "unsized",
  CAST("t45"."downloads" AS Nullable(Float64)) / nullIf(CAST("t45"."download_pairs" AS Nullable(Float64)), 0) AS "repeat_factor"
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS "rung",
        "t39"."downloads" AS "downloads",
        "t39"."download_pairs" AS "download_pairs",
        "t39"."requests" AS "requests",
        "t39"."bytes" AS "bytes",
        "t39"."unsized" AS "unsized"
      FROM (
        SELECT
          "t20"."downloads" AS "downloads",
          "t20"."artifacts" - "t36"."less_downloads" AS "download_pairs",
          "t20"."fetched" - (
            "t20"."rows" - "t36"."less_pairs"
          ) AS "requests",
          "t20"."sent" - (
            "t20"."kept" - "t36"."less_kept"
          ) AS "bytes",
          "t20"."unsized" AS "unsized"
        FROM (
          SELECT
            COUNT(*) AS "rows",
            countIf("t5"."artifact") AS "artifacts",
            COALESCE(SUM("t5"."requests"), 0) AS "fetched",
            COALESCE(sumIf("t5"."requests", "t5"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t5"."bytes"), 0) AS "sent",
            COALESCE(SUM("t5"."largest"), 0) AS "kept",
            COALESCE(SUM("t5"."unsized"), 0) AS "unsized"
          FROM "t2" AS "t5"
        ) AS "t20"
        CROSS JOIN (
          SELECT
            COALESCE(SUM("t30"."rows" - 1), 0) AS "less_pairs",
            COALESCE(sumIf("t30"."rows" - 1, "t30"."artifact"), 0) AS "less_downloads",
            COALESCE(SUM("t30"."sum" - "t30"."largest"), 0) AS "less_kept"
          FROM (
            SELECT
              "t27"."pair" AS "pair",
              COUNT(*) AS "rows",
              MAX("t27"."artifact") AS "artifact",
              SUM("t27"."largest") AS "sum",
              MAX("t27"."largest") AS "largest"
            FROM (
              SELECT
                "t11"."artifact" AS "artifact",
                "t11"."largest" AS "largest",
                (
                  CAST("t11"."client" AS Nullable(Int64)) * 4294967296
                ) + "t11"."item" AS "pair"
              FROM "t2" AS "t11"
              LEFT SEMI JOIN (
                SELECT
                  *
                FROM (
                  SELECT
                    "t1"."client" AS "unit",
                    MAX("t1"."client") - MIN("t1"."client") AS "clients",
                    MAX("t1"."consumer") - MIN("t1"."consumer") AS "consumers"
                  FROM "visits" AS "t1"
                  GROUP BY
                    "t1"."client"
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
              "t27"."pair"
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
        "t40"."downloads" AS "downloads",
        "t40"."download_pairs" AS "download_pairs",
        "t40"."requests" AS "requests",
        "t40"."bytes" AS "bytes",
        "t40"."unsized" AS "unsized"
      FROM (
        SELECT
          "t22"."downloads" AS "downloads",
          "t22"."artifacts" - "t37"."less_downloads" AS "download_pairs",
          "t22"."fetched" - (
            "t22"."rows" - "t37"."less_pairs"
          ) AS "requests",
          "t22"."sent" - (
            "t22"."kept" - "t37"."less_kept"
          ) AS "bytes",
          "t22"."unsized" AS "unsized"
        FROM (
          SELECT
            COUNT(*) AS "rows",
            countIf("t7"."artifact") AS "artifacts",
            COALESCE(SUM("t7"."requests"), 0) AS "fetched",
            COALESCE(sumIf("t7"."requests", "t7"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t7"."bytes"), 0) AS "sent",
            COALESCE(SUM("t7"."largest"), 0) AS "kept",
            COALESCE(SUM("t7"."unsized"), 0) AS "unsized"
          FROM "t4" AS "t7"
        ) AS "t22"
        CROSS JOIN (
          SELECT
            COALESCE(SUM("t31"."rows" - 1), 0) AS "less_pairs",
            COALESCE(sumIf("t31"."rows" - 1, "t31"."artifact"), 0) AS "less_downloads",
            COALESCE(SUM("t31"."sum" - "t31"."largest"), 0) AS "less_kept"
          FROM (
            SELECT
              "t28"."pair" AS "pair",
              COUNT(*) AS "rows",
              MAX("t28"."artifact") AS "artifact",
              SUM("t28"."largest") AS "sum",
              MAX("t28"."largest") AS "largest"
            FROM (
              SELECT
                "t13"."artifact" AS "artifact",
                "t13"."largest" AS "largest",
                (
                  CAST("t13"."network" AS Nullable(Int64)) * 4294967296
                ) + "t13"."item" AS "pair"
              FROM "t4" AS "t13"
              LEFT SEMI JOIN (
                SELECT
                  *
                FROM (
                  SELECT
                    "t1"."network" AS "unit",
                    MAX("t1"."client") - MIN("t1"."client") AS "clients",
                    MAX("t1"."consumer") - MIN("t1"."consumer") AS "consumers"
                  FROM "visits" AS "t1"
                  GROUP BY
                    "t1"."network"
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
              "t28"."pair"
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
      "t38"."downloads" AS "downloads",
      "t38"."download_pairs" AS "download_pairs",
      "t38"."requests" AS "requests",
      "t38"."bytes" AS "bytes",
      "t38"."unsized" AS "unsized"
    FROM (
      SELECT
        "t21"."downloads" AS "downloads",
        "t21"."artifacts" - "t35"."less_downloads" AS "download_pairs",
        "t21"."fetched" - (
          "t21"."rows" - "t35"."less_pairs"
        ) AS "requests",
        "t21"."sent" - (
          "t21"."kept" - "t35"."less_kept"
        ) AS "bytes",
        "t21"."unsized" AS "unsized"
      FROM (
        SELECT
          COUNT(*) AS "rows",
          countIf("t6"."artifact") AS "artifacts",
          COALESCE(SUM("t6"."requests"), 0) AS "fetched",
          COALESCE(sumIf("t6"."requests", "t6"."artifact"), 0) AS "downloads",
          COALESCE(SUM("t6"."bytes"), 0) AS "sent",
          COALESCE(SUM("t6"."largest"), 0) AS "kept",
          COALESCE(SUM("t6"."unsized"), 0) AS "unsized"
        FROM "t3" AS "t6"
      ) AS "t21"
      CROSS JOIN (
        SELECT
          COALESCE(SUM("t29"."rows" - 1), 0) AS "less_pairs",
          COALESCE(sumIf("t29"."rows" - 1, "t29"."artifact"), 0) AS "less_downloads",
          COALESCE(SUM("t29"."sum" - "t29"."largest"), 0) AS "less_kept"
        FROM (
          SELECT
            "t26"."pair" AS "pair",
            COUNT(*) AS "rows",
            MAX("t26"."artifact") AS "artifact",
            SUM("t26"."largest") AS "sum",
            MAX("t26"."largest") AS "largest"
          FROM (
            SELECT
              "t12"."artifact" AS "artifact",
              "t12"."largest" AS "largest",
              (
                CAST("t12"."consumer" AS Nullable(Int64)) * 4294967296
              ) + "t12"."item" AS "pair"
            FROM "t3" AS "t12"
            LEFT SEMI JOIN (
              SELECT
                *
              FROM (
                SELECT
                  "t1"."consumer" AS "unit",
                  MAX("t1"."client") - MIN("t1"."client") AS "clients",
                  MAX("t1"."consumer") - MIN("t1"."consumer") AS "consumers"
                FROM "visits" AS "t1"
                GROUP BY
                  "t1"."consumer"
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
            "t26"."pair"
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
