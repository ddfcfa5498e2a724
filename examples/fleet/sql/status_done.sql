-- What became final in the last hour.

select state, count(*) as rows
from mobivate.stops
where done_at > statement_timestamp() - interval '1 hour'
group by state
order by state
