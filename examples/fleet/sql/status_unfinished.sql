-- What is not final, by lane and state. Reads the index of unfinished rows, never the whole table.

select lane, state, count(*) as rows,
  count(*) filter (where due_at <= statement_timestamp()) as due,
  coalesce(extract(epoch from clock_timestamp() - min(due_at)
    filter (where due_at <= statement_timestamp())), 0)::float8 as oldest_due_seconds
from mobivate.stops
where due_at is not null
group by lane, state
order by lane, state
