-- Removes a worker that ends, and those that have not been seen for a day.
--   $1 worker

delete from mobivate.workers
where worker = $1 or seen_at < clock_timestamp() - interval '1 day'
