/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify: tells the service manager how we are (sd_notify(3)); does nothing without one, or built without libsystemd. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** pg_notify: sends @state, as "READY=1"; lines are separated by LF. */
void pg_notify (const char *state);

G_END_DECLS
