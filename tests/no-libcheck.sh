#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for the unit tests where they could not be built: nothing that was not tested passes.
echo "The unit tests need libcheck (0.15 or later): install its development files, then run configure again." >&2
exit 1
