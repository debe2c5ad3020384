/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-queue: logins that wait to be stored, oldest first, in bounded number.
 *
 * Pure: no I/O, no clock, no log, no globals.
 */
#pragma once

#include "core/login.h"

G_BEGIN_DECLS

/** PG_LOGIN_QUEUE_MAX: logins that are kept, some 10 MB of them; one more pushes the oldest out. */
#define PG_LOGIN_QUEUE_MAX 50000

typedef struct _PgLoginQueue PgLoginQueue;

/** pg_login_queue_new: empty. Free with pg_login_queue_free(). */
PgLoginQueue *pg_login_queue_new (void);

/** pg_login_queue_free: ends @self and what is in it; NULL is legal. */
void pg_login_queue_free (PgLoginQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgLoginQueue, pg_login_queue_free)

/** pg_login_queue_push: copies @login, its user too, behind the others. Returns FALSE if the oldest had to go for it. */
gboolean pg_login_queue_push (PgLoginQueue *self, const PgLogin *login);

/** pg_login_queue_peek: the oldest, valid until it is dropped; NULL: there is none. */
const PgLogin *pg_login_queue_peek (PgLoginQueue *self);

/** pg_login_queue_drop: the oldest, if there is one. */
void pg_login_queue_drop (PgLoginQueue *self);

/** pg_login_queue_size: how many there are. */
guint pg_login_queue_size (const PgLoginQueue *self);

G_END_DECLS
