-- Sets how many HTTP requests a second the whole fleet may begin; 0 pauses it.
--   $1 requests a second

update mobivate.pacing p
set turn = p.turn + 1, rate = $1::integer
where p.turn >= (select turn from mobivate.pacing order by turn desc limit 1)
