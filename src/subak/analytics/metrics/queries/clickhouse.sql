-- Written by `python -m tools.queries` from the ibis expressions beside this folder; edit those instead.
-- Tables: docs/measures.md. `step` queries are to be stored under their name, in this order; `query` ones answer.

-- step cells: agents facts streams
SELECT
  "t9"."day" AS "day",
  "t9"."stream" AS "stream",
  "t9"."client" AS "client",
  "t9"."network" AS "network",
  "t9"."consumer" AS "consumer",
  "t9"."ecosystem" AS "ecosystem",
  "t9"."kind" AS "kind",
  "t9"."method" AS "method",
  "t9"."status" AS "status",
  "t9"."cache" AS "cache",
  "t9"."requests" AS "requests",
  "t9"."bytes" AS "bytes",
  "t9"."unsized" AS "unsized",
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
    "t5"."kind" AS "kind",
    "t5"."method" AS "method",
    "t5"."status" AS "status",
    "t5"."cache" AS "cache",
    COUNT(*) AS "requests",
    CAST(SUM(CAST(GREATEST("t5"."sent", 0) AS Nullable(Float64))) AS Nullable(Int64)) AS "bytes",
    CAST(SUM(CAST(-(
      LEAST("t5"."sent", 0)
    ) AS Nullable(Float64))) AS Nullable(Int64)) AS "unsized"
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
    "t5"."ecosystem",
    "t5"."kind",
    "t5"."method",
    "t5"."status",
    "t5"."cache"
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

-- step visits: cells
SELECT
  "t1"."stream" AS "stream",
  "t1"."client" AS "client",
  "t1"."network" AS "network",
  "t1"."consumer" AS "consumer",
  "t1"."ecosystem" AS "ecosystem",
  "t1"."software" AS "software",
  "t1"."software_kind" AS "software_kind",
  "t1"."purpose" AS "purpose",
  SUM("t1"."requests") AS "requests",
  SUM("t1"."downloads") AS "downloads",
  SUM("t1"."bytes") AS "bytes"
FROM (
  SELECT
    "t0"."stream" AS "stream",
    "t0"."client" AS "client",
    "t0"."network" AS "network",
    "t0"."consumer" AS "consumer",
    "t0"."ecosystem" AS "ecosystem",
    "t0"."software" AS "software",
    "t0"."software_kind" AS "software_kind",
    "t0"."purpose" AS "purpose",
    "t0"."requests" AS "requests",
    "t0"."bytes" AS "bytes",
    CASE
      WHEN "t0"."method" IN ('GET', '')
      AND "t0"."status" IN (200)
      AND (
        "t0"."kind" = 'artifact'
      )
      THEN "t0"."requests"
      ELSE 0
    END AS "downloads"
  FROM "cells" AS "t0"
) AS "t1"
GROUP BY
  "t1"."stream",
  "t1"."client",
  "t1"."network",
  "t1"."consumer",
  "t1"."ecosystem",
  "t1"."software",
  "t1"."software_kind",
  "t1"."purpose"
;

-- step unit_days: cells
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
        SUM("t1"."requests") AS "requests",
        SUM("t1"."bytes") AS "bytes"
      FROM (
        SELECT
          *
        FROM "cells" AS "t0"
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
        SUM("t2"."requests") AS "requests",
        SUM("t2"."bytes") AS "bytes"
      FROM (
        SELECT
          *
        FROM "cells" AS "t0"
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
      SUM("t3"."requests") AS "requests",
      SUM("t3"."bytes") AS "bytes"
    FROM (
      SELECT
        *
      FROM "cells" AS "t0"
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
  SUM("t0"."requests") AS "requests",
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

-- step fetched: facts
SELECT
  "t1"."client" AS "client",
  "t1"."network" AS "network",
  "t1"."consumer" AS "consumer",
  "t1"."item" AS "item",
  "t1"."kind" = 'artifact' AS "artifact",
  COUNT(*) AS "requests",
  CAST(SUM(CAST(GREATEST("t1"."sent", 0) AS Nullable(Float64))) AS Nullable(Int64)) AS "bytes",
  GREATEST(MAX("t1"."sent"), 0) AS "largest",
  CAST(SUM(CAST(-(
    LEAST("t1"."sent", 0)
  ) AS Nullable(Float64))) AS Nullable(Int64)) AS "unsized"
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
  "t1"."network",
  "t1"."consumer",
  "t1"."item",
  "t1"."kind" = 'artifact'
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

-- step near_network: facts parameters
SELECT
  "t4"."client" AS "client",
  "t4"."network" AS "network",
  "t4"."document" AS "document",
  "t4"."at" AS "at",
  "t4"."sent" AS "sent"
FROM (
  SELECT
    "t3"."client" AS "client",
    "t3"."network" AS "network",
    "t3"."document" AS "document",
    "t3"."at" AS "at",
    "t3"."sent" AS "sent",
    lagInFrame("t3"."at", 1, -1E+18) OVER (
      PARTITION BY "t3"."network", "t3"."document"
      ORDER BY "t3"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "before",
    leadInFrame("t3"."at", 1, 1e+18) OVER (
      PARTITION BY "t3"."network", "t3"."document"
      ORDER BY "t3"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "after"
  FROM (
    SELECT
      *
    FROM "facts" AS "t0"
    WHERE
      "t0"."kind" <> 'own'
      AND "t0"."document" >= 0
      AND "t0"."status" IN (200, 304)
      AND "t0"."method" IN ('GET', '')
      AND "t0"."network" >= 0
  ) AS "t3"
) AS "t4"
WHERE
  (
    (
      "t4"."at" - "t4"."before"
    ) < (
      SELECT
        "t1"."fresh" AS "fresh"
      FROM "parameters" AS "t1"
    )
  )
  OR (
    (
      "t4"."after" - "t4"."at"
    ) < (
      SELECT
        "t1"."fresh" AS "fresh"
      FROM "parameters" AS "t1"
    )
  )
;

-- step near_consumer: facts parameters
SELECT
  "t4"."consumer" AS "consumer",
  "t4"."document" AS "document",
  "t4"."at" AS "at",
  "t4"."sent" AS "sent"
FROM (
  SELECT
    "t3"."consumer" AS "consumer",
    "t3"."document" AS "document",
    "t3"."at" AS "at",
    "t3"."sent" AS "sent",
    lagInFrame("t3"."at", 1, -1E+18) OVER (
      PARTITION BY "t3"."consumer", "t3"."document"
      ORDER BY "t3"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "before",
    leadInFrame("t3"."at", 1, 1e+18) OVER (
      PARTITION BY "t3"."consumer", "t3"."document"
      ORDER BY "t3"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "after"
  FROM (
    SELECT
      *
    FROM "facts" AS "t0"
    WHERE
      "t0"."kind" <> 'own'
      AND "t0"."document" >= 0
      AND "t0"."status" IN (200, 304)
      AND "t0"."method" IN ('GET', '')
      AND "t0"."consumer" >= 0
  ) AS "t3"
) AS "t4"
WHERE
  (
    (
      "t4"."at" - "t4"."before"
    ) < (
      SELECT
        "t1"."fresh" AS "fresh"
      FROM "parameters" AS "t1"
    )
  )
  OR (
    (
      "t4"."after" - "t4"."at"
    ) < (
      SELECT
        "t1"."fresh" AS "fresh"
      FROM "parameters" AS "t1"
    )
  )
;

-- step chained: near_consumer near_network parameters
SELECT
  "t11".*
  EXCEPT ("before")
FROM (
  SELECT
    "t10"."rung" AS "rung",
    "t10"."document" AS "document",
    "t10"."at" AS "at",
    "t10"."sent" AS "sent",
    "t10"."unit" AS "unit",
    "t10"."before" AS "before",
    "t10"."begins" AS "begins",
    SUM("t10"."begins") OVER (
      PARTITION BY "t10"."rung", "t10"."unit", "t10"."document"
      ORDER BY "t10"."at" ASC, "t10"."begins" DESC, "t10"."sent" DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "chain"
  FROM (
    SELECT
      "t9"."rung" AS "rung",
      "t9"."document" AS "document",
      "t9"."at" AS "at",
      "t9"."sent" AS "sent",
      "t9"."unit" AS "unit",
      "t9"."before" AS "before",
      CAST((
        "t9"."at" - "t9"."before"
      ) >= (
        SELECT
          "t2"."fresh" AS "fresh"
        FROM "parameters" AS "t2"
      ) AS Nullable(Int64)) AS "begins"
    FROM (
      SELECT
        "t8"."rung" AS "rung",
        "t8"."document" AS "document",
        "t8"."at" AS "at",
        "t8"."sent" AS "sent",
        "t8"."unit" AS "unit",
        lagInFrame("t8"."at", 1, -1E+18) OVER (
          PARTITION BY "t8"."rung", "t8"."unit", "t8"."document"
          ORDER BY "t8"."at" ASC, "t8"."sent" DESC
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
              'address' AS "rung",
              "t1"."document" AS "document",
              "t1"."at" AS "at",
              "t1"."sent" AS "sent",
              "t1"."client" AS "unit"
            FROM "near_network" AS "t1"
            WHERE
              "t1"."client" >= 0
          ) AS "t5"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              'network' AS "rung",
              "t1"."document" AS "document",
              "t1"."at" AS "at",
              "t1"."sent" AS "sent",
              "t1"."network" AS "unit"
            FROM "near_network" AS "t1"
            WHERE
              "t1"."network" >= 0
          ) AS "t6"
        ) AS "t7"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            'consumer' AS "rung",
            "t0"."document" AS "document",
            "t0"."at" AS "at",
            "t0"."sent" AS "sent",
            "t0"."consumer" AS "unit"
          FROM "near_consumer" AS "t0"
          WHERE
            "t0"."consumer" >= 0
        ) AS "t4"
      ) AS "t8"
    ) AS "t9"
  ) AS "t10"
) AS "t11"
;

-- query totals: cells
SELECT
  "t1"."requests" AS "requests",
  "t1"."bytes" AS "bytes",
  "t1"."bytes_unknown" AS "bytes_unknown",
  "t1"."downloads_npm_like" AS "downloads_npm_like",
  "t1"."downloads_ruby_like" AS "downloads_ruby_like",
  "t1"."downloads_rust_like" AS "downloads_rust_like",
  "t1"."download_bytes" AS "download_bytes",
  "t1"."revalidations" AS "revalidations",
  "t1"."conditional" AS "conditional",
  "t1"."metadata_requests" AS "metadata_requests",
  "t1"."errors" AS "errors",
  "t1"."cache_hits" AS "cache_hits",
  "t1"."cache_asked" AS "cache_asked",
  "t1"."cache_hit_bytes" AS "cache_hit_bytes",
  "t1"."cache_asked_bytes" AS "cache_asked_bytes",
  CAST("t1"."revalidations" AS Nullable(Float64)) / nullIf(CAST("t1"."conditional" AS Nullable(Float64)), 0) AS "conditional_share",
  CAST("t1"."metadata_requests" AS Nullable(Float64)) / nullIf(CAST("t1"."downloads_npm_like" AS Nullable(Float64)), 0) AS "metadata_ratio",
  CAST("t1"."errors" AS Nullable(Float64)) / nullIf(CAST("t1"."requests" AS Nullable(Float64)), 0) AS "error_share",
  CAST("t1"."cache_hits" AS Nullable(Float64)) / nullIf(CAST("t1"."cache_asked" AS Nullable(Float64)), 0) AS "hit_ratio",
  CAST("t1"."cache_hit_bytes" AS Nullable(Float64)) / nullIf(CAST("t1"."cache_asked_bytes" AS Nullable(Float64)), 0) AS "hit_ratio_bytes"
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
        CAST("t0"."requests" AS Nullable(Decimal(38, 0))),
        "t0"."method" IN ('GET', '')
        AND "t0"."status" IN (200)
        AND (
          "t0"."kind" = 'artifact'
        )
        AND (
          (
            "t0"."software_kind" = 'installer'
          )
          AND (
            "t0"."tool_ecosystem" = "t0"."ecosystem"
          )
          AND (
            "t0"."ecosystem" <> ''
          )
        )
      ),
      0
    ) AS "downloads_rust_like",
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
  FROM "cells" AS "t0"
) AS "t1"
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
)
SELECT
  countIf(
    (
      "t24"."client" < 0
    )
    OR (
      "t24"."item" < 0
    )
    OR (
      (
        "t24"."at" - "t24"."before"
      ) > (
        SELECT
          "t0"."collapse" AS "collapse"
        FROM "parameters" AS "t0"
      )
    )
  ) AS "downloads"
FROM (
  SELECT
    "t23"."client" AS "client",
    "t23"."item" AS "item",
    "t23"."at" AS "at",
    lagInFrame("t23"."at", 1, -1E+18) OVER (
      PARTITION BY "t23"."client", "t23"."item"
      ORDER BY "t23"."at" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "before"
  FROM (
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
              "t4"."network" AS "network",
              "t4"."consumer" AS "consumer",
              "t4"."item" AS "item",
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
  ) AS "t23"
) AS "t24"
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
SELECT
  "t9"."rung" AS "rung",
  "t9"."weight" AS "weight",
  "t9"."day" AS "day",
  "t9"."units" AS "units",
  "t9"."top_units" AS "top_units",
  CAST("t9"."top" AS Nullable(Float64)) / nullIf(CAST("t9"."total" AS Nullable(Float64)), 0) AS "share"
FROM (
  SELECT
    "t8"."rung" AS "rung",
    "t8"."weight" AS "weight",
    "t8"."day" AS "day",
    MAX("t8"."units") AS "units",
    MAX(
      CAST(FLOOR(
        (
          (
            "t8"."units" * (
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
    COALESCE(SUM(CAST("t8"."value" AS Nullable(Decimal(38, 0)))), 0) AS "total",
    COALESCE(
      sumIf(
        CAST("t8"."value" AS Nullable(Decimal(38, 0))),
        "t8"."rank" > (
          "t8"."units" - CAST(FLOOR(
            (
              (
                "t8"."units" * (
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
    ) AS "top"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t2"."rung" AS "rung",
        "t2"."day" AS "day",
        'requests' AS "weight",
        "t2"."requests" AS "value",
        (
          ROW_NUMBER() OVER (
            PARTITION BY "t2"."rung", "t2"."day"
            ORDER BY "t2"."requests" ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) - 1
        ) + 1 AS "rank",
        "t5"."units" AS "units"
      FROM "unit_days" AS "t2"
      INNER JOIN (
        SELECT
          "t0"."rung" AS "rung",
          "t0"."day" AS "day",
          COUNT(*) AS "units"
        FROM "unit_days" AS "t0"
        GROUP BY
          "t0"."rung",
          "t0"."day"
      ) AS "t5"
        ON "t2"."rung" = "t5"."rung" AND "t2"."day" = "t5"."day"
    ) AS "t6"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t2"."rung" AS "rung",
        "t2"."day" AS "day",
        'bytes' AS "weight",
        "t2"."bytes" AS "value",
        (
          ROW_NUMBER() OVER (
            PARTITION BY "t2"."rung", "t2"."day"
            ORDER BY "t2"."bytes" ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) - 1
        ) + 1 AS "rank",
        "t5"."units" AS "units"
      FROM "unit_days" AS "t2"
      INNER JOIN (
        SELECT
          "t0"."rung" AS "rung",
          "t0"."day" AS "day",
          COUNT(*) AS "units"
        FROM "unit_days" AS "t0"
        GROUP BY
          "t0"."rung",
          "t0"."day"
      ) AS "t5"
        ON "t2"."rung" = "t5"."rung" AND "t2"."day" = "t5"."day"
    ) AS "t7"
  ) AS "t8"
  GROUP BY
    "t8"."rung",
    "t8"."weight",
    "t8"."day"
) AS "t9"
ORDER BY
  "t9"."rung" ASC,
  "t9"."weight" ASC,
  "t9"."day" ASC
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

-- query files: fetched
SELECT
  "t29"."rung" AS "rung",
  "t29"."downloads" AS "downloads",
  "t29"."download_pairs" AS "download_pairs",
  "t29"."requests" AS "requests",
  "t29"."bytes" AS "bytes",
  "t29"."unsized" AS "unsized",
  CAST("t29"."downloads" AS Nullable(Float64)) / nullIf(CAST("t29"."download_pairs" AS Nullable(Float64)), 0) AS "repeat_factor"
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        'address' AS "rung",
        "t22"."downloads" AS "downloads",
        "t22"."download_pairs" AS "download_pairs",
        "t22"."requests" AS "requests",
        "t22"."bytes" AS "bytes",
        "t22"."unsized" AS "unsized"
      FROM (
        SELECT
          "t10"."downloads" AS "downloads",
          "t19"."download_pairs" AS "download_pairs",
          "t10"."fetched" - "t19"."pairs" AS "requests",
          "t10"."sent" - "t19"."kept" AS "bytes",
          "t10"."unsized" AS "unsized"
        FROM (
          SELECT
            COALESCE(SUM("t1"."requests"), 0) AS "fetched",
            COALESCE(sumIf("t1"."requests", "t1"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t1"."bytes"), 0) AS "sent",
            COALESCE(SUM("t1"."unsized"), 0) AS "unsized"
          FROM (
            SELECT
              *
            FROM "fetched" AS "t0"
            WHERE
              "t0"."client" >= 0
          ) AS "t1"
        ) AS "t10"
        CROSS JOIN (
          SELECT
            COUNT(*) AS "pairs",
            countIf("t11"."artifact") AS "download_pairs",
            COALESCE(SUM("t11"."largest"), 0) AS "kept"
          FROM (
            SELECT
              "t4"."pair" AS "pair",
              "t4"."artifact" AS "artifact",
              MAX("t4"."largest") AS "largest"
            FROM (
              SELECT
                "t0"."artifact" AS "artifact",
                "t0"."largest" AS "largest",
                (
                  CAST("t0"."client" AS Nullable(Int64)) * 4294967296
                ) + "t0"."item" AS "pair"
              FROM "fetched" AS "t0"
              WHERE
                "t0"."client" >= 0
            ) AS "t4"
            GROUP BY
              "t4"."pair",
              "t4"."artifact"
          ) AS "t11"
        ) AS "t19"
      ) AS "t22"
    ) AS "t25"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        'network' AS "rung",
        "t23"."downloads" AS "downloads",
        "t23"."download_pairs" AS "download_pairs",
        "t23"."requests" AS "requests",
        "t23"."bytes" AS "bytes",
        "t23"."unsized" AS "unsized"
      FROM (
        SELECT
          "t12"."downloads" AS "downloads",
          "t20"."download_pairs" AS "download_pairs",
          "t12"."fetched" - "t20"."pairs" AS "requests",
          "t12"."sent" - "t20"."kept" AS "bytes",
          "t12"."unsized" AS "unsized"
        FROM (
          SELECT
            COALESCE(SUM("t2"."requests"), 0) AS "fetched",
            COALESCE(sumIf("t2"."requests", "t2"."artifact"), 0) AS "downloads",
            COALESCE(SUM("t2"."bytes"), 0) AS "sent",
            COALESCE(SUM("t2"."unsized"), 0) AS "unsized"
          FROM (
            SELECT
              *
            FROM "fetched" AS "t0"
            WHERE
              "t0"."network" >= 0
          ) AS "t2"
        ) AS "t12"
        CROSS JOIN (
          SELECT
            COUNT(*) AS "pairs",
            countIf("t13"."artifact") AS "download_pairs",
            COALESCE(SUM("t13"."largest"), 0) AS "kept"
          FROM (
            SELECT
              "t5"."pair" AS "pair",
              "t5"."artifact" AS "artifact",
              MAX("t5"."largest") AS "largest"
            FROM (
              SELECT
                "t0"."artifact" AS "artifact",
                "t0"."largest" AS "largest",
                (
                  CAST("t0"."network" AS Nullable(Int64)) * 4294967296
                ) + "t0"."item" AS "pair"
              FROM "fetched" AS "t0"
              WHERE
                "t0"."network" >= 0
            ) AS "t5"
            GROUP BY
              "t5"."pair",
              "t5"."artifact"
          ) AS "t13"
        ) AS "t20"
      ) AS "t23"
    ) AS "t26"
  ) AS "t28"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      'consumer' AS "rung",
      "t24"."downloads" AS "downloads",
      "t24"."download_pairs" AS "download_pairs",
      "t24"."requests" AS "requests",
      "t24"."bytes" AS "bytes",
      "t24"."unsized" AS "unsized"
    FROM (
      SELECT
        "t14"."downloads" AS "downloads",
        "t21"."download_pairs" AS "download_pairs",
        "t14"."fetched" - "t21"."pairs" AS "requests",
        "t14"."sent" - "t21"."kept" AS "bytes",
        "t14"."unsized" AS "unsized"
      FROM (
        SELECT
          COALESCE(SUM("t3"."requests"), 0) AS "fetched",
          COALESCE(sumIf("t3"."requests", "t3"."artifact"), 0) AS "downloads",
          COALESCE(SUM("t3"."bytes"), 0) AS "sent",
          COALESCE(SUM("t3"."unsized"), 0) AS "unsized"
        FROM (
          SELECT
            *
          FROM "fetched" AS "t0"
          WHERE
            "t0"."consumer" >= 0
        ) AS "t3"
      ) AS "t14"
      CROSS JOIN (
        SELECT
          COUNT(*) AS "pairs",
          countIf("t15"."artifact") AS "download_pairs",
          COALESCE(SUM("t15"."largest"), 0) AS "kept"
        FROM (
          SELECT
            "t6"."pair" AS "pair",
            "t6"."artifact" AS "artifact",
            MAX("t6"."largest") AS "largest"
          FROM (
            SELECT
              "t0"."artifact" AS "artifact",
              "t0"."largest" AS "largest",
              (
                CAST("t0"."consumer" AS Nullable(Int64)) * 4294967296
              ) + "t0"."item" AS "pair"
            FROM "fetched" AS "t0"
            WHERE
              "t0"."consumer" >= 0
          ) AS "t6"
          GROUP BY
            "t6"."pair",
            "t6"."artifact"
        ) AS "t15"
      ) AS "t21"
    ) AS "t24"
  ) AS "t27"
) AS "t29"
ORDER BY
  "t29"."rung" ASC
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
        "t0"."unit" AS "unit",
        "t0"."document" AS "document",
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
        "t0"."unit",
        "t0"."document",
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
    "t2"."unit" AS "unit",
    "t2"."document" AS "document",
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
        "t0"."unit" AS "unit",
        "t0"."document" AS "document",
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
        "t0"."unit",
        "t0"."document",
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
    AND "t2"."unit" = "t6"."unit"
    AND "t2"."document" = "t6"."document"
    AND "t2"."chain" = "t6"."chain"
) AS "t7"
ORDER BY
  "t7"."rung" ASC,
  "t7"."unit" ASC,
  "t7"."document" ASC,
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
                "t0"."stream" AS "stream",
                "t0"."client" AS "client",
                "t0"."network" AS "network",
                "t0"."consumer" AS "consumer",
                "t0"."ecosystem" AS "ecosystem",
                "t0"."software" AS "software",
                "t0"."software_kind" AS "software_kind",
                "t0"."purpose" AS "purpose",
                "t0"."requests" AS "requests",
                "t0"."downloads" AS "downloads",
                "t0"."bytes" AS "bytes",
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
                "t0"."stream" AS "stream",
                "t0"."client" AS "client",
                "t0"."network" AS "network",
                "t0"."consumer" AS "consumer",
                "t0"."ecosystem" AS "ecosystem",
                "t0"."software" AS "software",
                "t0"."software_kind" AS "software_kind",
                "t0"."purpose" AS "purpose",
                "t0"."requests" AS "requests",
                "t0"."downloads" AS "downloads",
                "t0"."bytes" AS "bytes",
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
              "t0"."stream" AS "stream",
              "t0"."client" AS "client",
              "t0"."network" AS "network",
              "t0"."consumer" AS "consumer",
              "t0"."ecosystem" AS "ecosystem",
              "t0"."software" AS "software",
              "t0"."software_kind" AS "software_kind",
              "t0"."purpose" AS "purpose",
              "t0"."requests" AS "requests",
              "t0"."downloads" AS "downloads",
              "t0"."bytes" AS "bytes",
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

-- query breadth: fetched items
SELECT
  "t9"."packages" AS "packages",
  "t9"."versions" AS "versions",
  "t9"."most" AS "most",
  CAST("t9"."versions" AS Nullable(Float64)) / nullIf(CAST("t9"."packages" AS Nullable(Float64)), 0) AS "mean"
FROM (
  SELECT
    COUNT(*) AS "packages",
    COALESCE(SUM(CAST("t8"."versions" AS Nullable(Decimal(38, 0)))), 0) AS "versions",
    COALESCE(MAX("t8"."versions"), 0) AS "most"
  FROM (
    SELECT
      "t7"."package" AS "package",
      uniq("t7"."version") AS "versions"
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
        LEFT SEMI JOIN (
          SELECT
            *
          FROM "fetched" AS "t1"
          WHERE
            "t1"."artifact"
        ) AS "t5"
          ON "t4"."item" = "t5"."item"
      ) AS "t6"
      WHERE
        "t6"."package" >= 0 AND "t6"."version" <> ''
    ) AS "t7"
    GROUP BY
      "t7"."package"
  ) AS "t8"
) AS "t9"
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

-- query coverage: fetched items parameters
SELECT
  "t12"."packages" AS "packages",
  "t12"."catalogue" AS "catalogue",
  CAST("t12"."packages" AS Nullable(Float64)) / nullIf(CAST("t12"."catalogue" AS Nullable(Float64)), 0) AS "share"
FROM (
  SELECT
    "t11"."packages" AS "packages",
    "t6"."catalogue" AS "catalogue"
  FROM (
    SELECT
      uniqIf("t9"."package", "t9"."package" >= 0) AS "packages"
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
      LEFT SEMI JOIN (
        SELECT
          *
        FROM "fetched" AS "t2"
        WHERE
          "t2"."artifact"
      ) AS "t8"
        ON "t7"."item" = "t8"."item"
    ) AS "t9"
  ) AS "t11"
  CROSS JOIN (
    SELECT
      "t0"."catalogue" AS "catalogue"
    FROM "parameters" AS "t0"
  ) AS "t6"
) AS "t12"
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

-- query chase: cells facts items parameters published
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
  FROM "cells" AS "t0"
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
