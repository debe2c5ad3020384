/* SPDX-License-Identifier: GPL-3.0-or-later */
/* note: what an admin adds by hand, and its stored form.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-record.c.
 *
 * Layout, version 1, behind the frame's header (16): kind(1) target(1) prefix(1) lengths of by, user, why (3) zero(2)
 * id(8) base(16) made(8) until(8) by(32) user(180) why(200); zeros to the end. Integers are little-endian.
 */
#pragma once

#include "core/frame.h"
#include "core/login.h"

G_BEGIN_DECLS

/** PG_NOTE_SIZE: bytes of every stored note. */
#define PG_NOTE_SIZE 512
#define PG_NOTE_BY_MAX 32
#define PG_NOTE_WHY_MAX 200

/** PG_NOTE_FOREVER: as PgNote.until_us: stays until it is forgotten. */
#define PG_NOTE_FOREVER G_MAXINT64

/**
 * PgNoteKind: the numbers are in files and never change.
 * @PG_NOTE_ALLOW: its addresses may relay
 * @PG_NOTE_DENY: its addresses may not, or its user's logins do not count
 * @PG_NOTE_REVOKE: logins at or before its moment never count
 * @PG_NOTE_FREEZE: nobody relays by us, mail waits
 */
typedef enum
{
  PG_NOTE_ALLOW = 1,
  PG_NOTE_DENY = 2,
  PG_NOTE_REVOKE = 3,
  PG_NOTE_FREEZE = 4,
} PgNoteKind;

/** PgNoteTarget: whom a note is about. */
typedef enum
{
  PG_NOTE_ALL = 0, /* freeze */
  PG_NOTE_NETWORK = 1,
  PG_NOTE_USER = 2,
} PgNoteTarget;

typedef struct
{
  guint64      id; /* from 1; names the note, and never comes again in one database */
  PgNoteKind   kind;
  PgNoteTarget target;
  PgNetwork    network;               /* for PG_NOTE_NETWORK */
  char         user[PG_USER_MAX + 1]; /* for PG_NOTE_USER; ASCII letters are lower case */
  gint64       made_us;
  gint64       until_us;
  char         by[PG_NOTE_BY_MAX + 1]; /* who made it */
  char         why[PG_NOTE_WHY_MAX + 1];
} PgNote;

/** pg_note_kind_to_string: "allow", "deny", "revoke", "freeze". */
const char *pg_note_kind_to_string (PgNoteKind kind);

/** pg_note_kind_from_span: the kind of that name. Returns FALSE, @out untouched, if there is none. */
gboolean pg_note_kind_from_span (PgSpan name, PgNoteKind *out);

/**
 * pg_note_set_target:
 * @self: (inout): target, network and user are set
 * @text: an address, ADDRESS/PREFIX or "user:NAME"
 * @error: PG_ERROR_VALUE
 *
 * Returns: FALSE with @error set, @self unchanged, if @text is none of these
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_note_set_target (PgNote *self, PgSpan text, GError **error);

/** pg_note_target_to_string: as pg_note_set_target() reads it; "all" for a freeze. Transfer full. */
char *pg_note_target_to_string (const PgNote *self) G_GNUC_WARN_UNUSED_RESULT;

/** pg_note_is_same_target: TRUE if @a and @b are about the same network or user. */
gboolean pg_note_is_same_target (const PgNote *a, const PgNote *b);

/** pg_note_makes_sense: FALSE if no admin can have made it: its kind and its target, or the target's parts, do not go together.
 */
gboolean pg_note_makes_sense (const PgNote *self);

/** pg_note_encode: writes @self to @out, sealed for storage under @key. */
void pg_note_encode (const PgNote *self, const PgSecret *secret, const PgHash *key, guint8 out[PG_NOTE_SIZE]);

/** pg_note_decode: as pg_record_decode(), for a note. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_note_decode (const guint8 *data, gsize size, const PgSecret *secret, const PgHash *key, PgNote *out, GError **error);

G_END_DECLS
