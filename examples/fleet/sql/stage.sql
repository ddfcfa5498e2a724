-- Where `submit` copies a list to, until it is inserted.

create temporary table staged_stops (
  source bigint, destination text, keyword text, amount bigint, frequency bigint, campaign text,
  provider text, reference text, stop text
) on commit drop
