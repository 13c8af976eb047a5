"""The same questions asked of the same Parquet files by polars and DuckDB.

usage: lake_peers.py polars|duckdb GLOB        prints one JSON line of seconds per question
"""
import json, sys, time

engine, glob = sys.argv[1], sys.argv[2]
took = {}


def timed(name, work):
    start = time.perf_counter()
    rows = work()
    took[name] = round(time.perf_counter() - start, 3)
    return rows


if engine == "polars":
    import polars as pl

    events = lambda *columns: pl.scan_parquet(glob).select(columns)

    def map_edges():
        frame = events("case", "activity", "time", "delivery", "seq").sort("case", "time", "delivery", "seq")
        pairs = frame.with_columns(
            pl.col("activity").shift(-1).over("case").alias("next"),
            (pl.col("time").shift(-1).over("case") - pl.col("time")).alias("wait"),
        ).drop_nulls("next")
        return pairs.group_by("activity", "next").agg(pl.len(), pl.col("wait").median()).collect().height

    def arrivals_by_day():
        opened = events("case", "time").group_by("case").agg(pl.col("time").min())
        return opened.group_by(pl.col("time").dt.date()).len().collect().height

    def median_lead_time():
        span = events("case", "time").group_by("case").agg((pl.col("time").max() - pl.col("time").min()).alias("d"))
        return span.select(pl.col("d").median()).collect().height
else:
    import duckdb

    db = duckdb.connect()
    db.execute("SET threads=2")
    db.execute(f"CREATE VIEW e AS SELECT * FROM read_parquet('{glob}')")
    count = lambda sql: len(db.execute(sql).fetchall())

    def map_edges():
        return count(
            """SELECT activity, n, count(*), median(w) FROM (
                 SELECT activity, lead(activity) OVER p AS n, epoch_us(lead(time) OVER p) - epoch_us(time) AS w
                 FROM e WINDOW p AS (PARTITION BY "case" ORDER BY time, delivery, seq))
               WHERE n IS NOT NULL GROUP BY 1, 2"""
        )

    def arrivals_by_day():
        return count("SELECT o::DATE, count(*) FROM (SELECT min(time) AS o FROM e GROUP BY \"case\") GROUP BY 1")

    def median_lead_time():
        return count("SELECT median(d) FROM (SELECT epoch_us(max(time)) - epoch_us(min(time)) AS d FROM e GROUP BY \"case\")")


edges = timed("map", map_edges)
days = timed("arrivals_by_day", arrivals_by_day)
timed("median_lead_time", median_lead_time)
print(json.dumps({"engine": engine, "edges": edges, "days": days, "seconds": took}))
