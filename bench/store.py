"""What writing records through the store costs against the bare rows, on both databases (bench/store_write.c)."""

import os
import subprocess

program = os.environ["KEEL_BUILD"] + "/bench/store_write"
for arguments in [], [os.environ["KEEL_TEST_POSTGRES_URL"]]:
    subprocess.run([program, *arguments], check=True)
