/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sockets: all that popgated listens on.
 *
 * What the service manager has passed comes first: of a kind that was passed, none is made as the configuration says.
 */
#pragma once

#include "core/config.h"
#include "daemon/identity.h"
#include "daemon/listen.h"

G_BEGIN_DECLS

/** PgSockets: (element-type PgListener): by what is spoken there. */
typedef struct
{
  GPtrArray *policy;
  GPtrArray *control;
  GPtrArray *login;
} PgSockets;

/**
 * pg_sockets_open:
 * @config: names those to make
 * @owner: who will have to work with them: gets the folders that are made for them
 * @error: as pg_listen() and pg_activation_adopt()
 *
 * Returns: (transfer full): free with pg_sockets_free(); NULL with @error set
 */
G_GNUC_WARN_UNUSED_RESULT
PgSockets *pg_sockets_open (const PgConfig *config, const PgIdentity *owner, GError **error);

/** pg_sockets_free: stops listening; passed ones stay with the service manager. NULL is legal. */
void pg_sockets_free (PgSockets *self);

/**
 * pg_sockets_make_folder_of:
 * @path: of a file or socket that is to be made
 * @mode: of its folder
 * @owner: of its folder, if it is set
 *
 * Makes the folder, if it is absent and the one above is there: under /run and /var/lib, which a service manager would have
 * done. If that can't be, the socket or the store says what is wrong.
 */
void pg_sockets_make_folder_of (const char *path, mode_t mode, const PgIdentity *owner);

G_END_DECLS
