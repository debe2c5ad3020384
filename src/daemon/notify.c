/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "daemon/notify.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

void
pg_notify (G_GNUC_UNUSED const char *state)
{
#ifdef HAVE_SYSTEMD
  (void) sd_notify (0, state);
#endif
}
