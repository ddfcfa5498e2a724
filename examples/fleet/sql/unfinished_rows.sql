-- How many rows are not final.
--   $1 destination, or null: of all

select count(*) from mobivate.stops
where due_at is not null and ($1::text is null or destination = $1)
