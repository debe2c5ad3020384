/* SPDX-License-Identifier: GPL-3.0-or-later */
/* noteset: the notes in force, and what they say of an address or a user.
 *
 * Pure: no I/O, no clock, no log, no globals. There is at most one note of a kind about a target; a new one takes its place.
 */
#pragma once

#include "core/note.h"

G_BEGIN_DECLS

typedef struct _PgNoteset PgNoteset;

/** pg_noteset_new: an empty set; free with pg_noteset_free(). */
PgNoteset *pg_noteset_new (void);

/** pg_noteset_free: ends @self; NULL is legal. */
void pg_noteset_free (PgNoteset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgNoteset, pg_noteset_free)

/** pg_noteset_swap: each gets what the other one held. */
void pg_noteset_swap (PgNoteset *self, PgNoteset *other);

/** pg_noteset_add: puts a copy of @note in, in the place of one of its kind about the same target, and of one of its id. */
void pg_noteset_add (PgNoteset *self, const PgNote *note);

/** pg_noteset_remove: takes the note @id out. Returns FALSE if there is none. */
gboolean pg_noteset_remove (PgNoteset *self, guint64 id);

/** pg_noteset_get: the note @id (transfer none, valid until the set changes), or NULL. */
const PgNote *pg_noteset_get (const PgNoteset *self, guint64 id);

/** pg_noteset_find: the note of @kind about the target of @like (transfer none), or NULL. */
const PgNote *pg_noteset_find (const PgNoteset *self, PgNoteKind kind, const PgNote *like);

/** pg_noteset_list: all notes by id; (element-type PgNote) (transfer container). */
GPtrArray *pg_noteset_list (const PgNoteset *self);

/** pg_noteset_size: how many notes there are. */
guint pg_noteset_size (const PgNoteset *self);

/** pg_noteset_freeze: the freeze in force at @now_us (transfer none), or NULL. */
const PgNote *pg_noteset_freeze (const PgNoteset *self, gint64 now_us);

/** pg_noteset_covering: the narrowest note of @kind, in force at @now_us, that covers @address (transfer none), or NULL. */
const PgNote *pg_noteset_covering (const PgNoteset *self, PgNoteKind kind, const PgAddress *address, gint64 now_us);

/** pg_noteset_denied_us: when the oldest deny was made that covers @address and is in force; G_MAXINT64: there is none. */
gint64 pg_noteset_denied_us (const PgNoteset *self, const PgAddress *address, gint64 now_us);

/** pg_noteset_has_user_notes: TRUE if some user is denied or revoked: only then do users have to be looked at. */
gboolean pg_noteset_has_user_notes (const PgNoteset *self, gint64 now_us);

/**
 * pg_noteset_user_counts:
 * @self: a set
 * @user: a name as logged; ASCII letters of either case are the same
 * @login_us: when the user logged in
 * @now_us: the present
 *
 * Returns: FALSE if the user is denied, or was revoked at or after @login_us
 */
gboolean pg_noteset_user_counts (const PgNoteset *self, PgSpan user, gint64 login_us, gint64 now_us);

/** pg_noteset_revoked_us: newest moment at which @address was revoked, or PG_NOTESET_NEVER. */
gint64 pg_noteset_revoked_us (const PgNoteset *self, const PgAddress *address);

#define PG_NOTESET_NEVER G_MININT64

G_END_DECLS
