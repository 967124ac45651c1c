-- title: Contracts are renewed or ended in time
-- about: contract
-- severity: medium
-- remedy: Decide about renewal before the notice period begins.
SELECT id, 'ends on ' || ends AS why
FROM contract
WHERE state = 'active' AND days_between(today(), ends) < COALESCE(notice_days, 30)
