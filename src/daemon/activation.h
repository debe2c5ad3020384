/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activation: sockets that the service manager holds, and has passed to us (sd_listen_fds(3)).
 *
 * They stay open while we are gone: who connects meanwhile waits for the next of us. Nothing without libsystemd.
 */
#pragma once

#include "daemon/sockets.h"

G_BEGIN_DECLS

/**
 * pg_activation_adopt:
 * @sockets: gets those that were passed as policy, control and login: the name tells what is spoken there
 * @error: PG_ERROR_VALUE for another name, PG_ERROR_SYSTEM for what is no such socket that listens
 *
 * A socket is verified, and is never removed. To be called once: who is started by us finds nothing in the environment.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_activation_adopt (PgSockets *sockets, GError **error);

G_END_DECLS
