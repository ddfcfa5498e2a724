-- Whether anything is not final.

select exists (select from mobivate.stops where due_at is not null and lane = 0)
  or exists (select from mobivate.stops where due_at is not null and lane = 1)
