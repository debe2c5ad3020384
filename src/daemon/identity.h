/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity: whom popgated becomes when it needs root no more.
 *
 * For hosts where no service manager starts it as its own user. Root is needed to make sockets in folders of others only; so
 * it is given up behind that, and before the first byte of others is read.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/**
 * PgIdentity:
 * @is_set: FALSE: nobody is to be become; then the rest is nothing
 * @name: (nullable): in the user database; NULL for a bare number
 */
typedef struct
{
  gboolean is_set;
  char    *name;
  uid_t    uid;
  gid_t    gid;
} PgIdentity;

/**
 * pg_identity_find:
 * @user, @group: names or numbers as configured, or ""
 * @out: (out): zero on failure; end it with pg_identity_clear()
 * @error: PG_ERROR_VALUE if there is no such user or group, or it is root
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_identity_find (const char *user, const char *group, PgIdentity *out, GError **error);

/** pg_identity_clear: frees what @self owns. */
void pg_identity_clear (PgIdentity *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PgIdentity, pg_identity_clear)

/** pg_identity_check: FALSE, with PG_ERROR_VALUE, if this process is neither root nor @self already. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_identity_check (const PgIdentity *self, GError **error);

/**
 * pg_identity_take:
 * @error: PG_ERROR_SYSTEM; this process must end then, since it may be anything between root and @self
 *
 * Becomes @self for good, with the groups that the user database gives it, and without any capability; and proves it: no way
 * leads back. Nothing happens if it is not set, or if it is who we are.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_identity_take (const PgIdentity *self, GError **error);

/**
 * pg_identity_harden: to be called first of all, before there are threads.
 *
 * Nothing that is made is for others to read unless it is said so, and no program could give us more rights than we have.
 */
void pg_identity_harden (void);

G_END_DECLS
