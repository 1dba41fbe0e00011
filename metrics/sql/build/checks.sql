-- The failed checks of deployments.
from verifications where status = 'failed' order by source, id
