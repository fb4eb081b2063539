"""What keel_db_batch costs against the loop one would write by hand, on both databases (bench/db_batch.c)."""

import os
import subprocess

program = os.environ["KEEL_BUILD"] + "/bench/db_batch"
for arguments in [], [os.environ["KEEL_TEST_POSTGRES_URL"]]:
    subprocess.run([program, *arguments], check=True)
