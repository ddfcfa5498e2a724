-- Inserts a list in the order of its key, so that two lists that overlap don't deadlock.
--   $1 lane

insert into mobivate.stops (source, destination, keyword, amount, frequency, campaign, provider,
  reference, stop, lane)
select source, destination, keyword, amount, frequency, campaign, provider, reference, stop,
  $1::smallint
from staged_stops
order by destination, reference, keyword, source
on conflict do nothing
