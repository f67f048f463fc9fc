"""What a database migration looks like from outside. The shop has no database to change.

Runs once before each deploy of the api, in its new image. MIGRATION_FAILS=1 makes it fail.
"""

import os
import sys
import time

STEPS = ["001 create products", "002 create orders", "003 index orders by day"]

print(
    f"migrate: {len(STEPS)} steps for {os.environ.get('COMPARTMENT_ENVIRONMENT', 'none')}",
    flush=True,
)
for step in STEPS:
    time.sleep(0.05)
    if step == STEPS[-1] and os.environ.get("MIGRATION_FAILS") == "1":
        sys.exit(f"migrate: {step}: failed, MIGRATION_FAILS is set")
    print(f"migrate: {step}: ok", flush=True)
print("migrate: up to date", flush=True)
