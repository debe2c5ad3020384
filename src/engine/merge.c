/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/merge.h"

#include "core/duration.h"
#include "engine/engine-private.h"
#include "engine/gate.h"

/* How far ahead of its making a revoke may hold: see pg_engine_revoke_us(). */
#define REVOKE_AHEAD_US (7 * PG_DAY)

/* --- grants ---------------------------------------------------------------------------------------------------------- */

/* The deny of the user of that name, or NULL. */
static const PgNote *
find_user_deny (const PgNoteset *notes, PgSpan name)
{
  PgNote like = { .target = PG_NOTE_USER };

  if (memchr (name.data, '\0', name.len) != NULL)
    return NULL;
  for (gsize i = 0; i < name.len; i++)
    like.user[i] = g_ascii_tolower (name.data[i]);
  return pg_noteset_find (notes, PG_NOTE_DENY, &like);
}

/* While a deny is in force no login is stored, so that none of them counts when it ends. */
static gboolean
was_denied (const PgMerge *self, const PgNote *deny, gint64 login_us)
{
  return deny != NULL && self->now_us < deny->until_us && deny->made_us <= login_us;
}

/* Why user @index may not be taken over; NULL: it may. */
static const char *
refuse_user (const PgMerge *self, const PgRecord *record, guint index)
{
  const PgRecordUser *user = &record->users[index];
  const PgNoteset    *notes = pg_engine_notes (self->engine);
  const PgLogin       login = { .user = pg_record_user_name (record, index), .service = user->service };

  if (user->login_us > self->told_us + PG_RULES_FUTURE_SLACK_US)
    return "its login is later than the export";
  if (user->login_us >= pg_noteset_denied_us (notes, &record->address, self->now_us))
    return "its address was denied then";
  if (was_denied (self, find_user_deny (notes, login.user), user->login_us))
    return "its user was denied then";
  return pg_gate_user_refusal (pg_engine_config (self->engine), &login);
}

/* What of @record may be taken over. Its newest login is that of a user who may: who the others were is not known. */
static void
sift (const PgMerge *self, const PgRecord *record, PgRecord *out, const char **out_why)
{
  PgNetwork network = pg_engine_grant_network (self->engine, &record->address);

  pg_record_init (out, &network.base);
  *out_why = "none of its users is told";
  for (guint i = record->n_users; i-- > 0;)
    {
      const PgRecordUser *user = &record->users[i];
      const char         *why = refuse_user (self, record, i);

      if (why != NULL)
        *out_why = why;
      else
        pg_record_add_login (out, &(PgLogin){ .time_us = MIN (user->login_us, self->now_us),
                                              .user = pg_record_user_name (record, i),
                                              .service = user->service,
                                              .server = user->server });
    }
  out->logins = MAX (out->logins, record->logins);
  out->dropped_us = MAX (out->dropped_us, MIN (record->dropped_us, self->now_us));
  if (record->first_us != PG_RECORD_NEVER)
    out->first_us = MIN (out->first_us, record->first_us);
}

PgMergeFate
pg_merge_record (const PgMerge *self, const PgRecord *record, const char **out_why, GError **error)
{
  PgRecord      sifted;
  PgRecord      stored;
  PgStoreAnswer answer;

  if (!pg_engine_is_usable (self->engine, error))
    return PG_MERGE_FAILED;
  sift (self, record, &sifted, out_why);
  if (sifted.n_users == 0)
    return PG_MERGE_REFUSED;
  *out_why = "it is too old to permit anything";
  if (pg_engine_is_outdated (&sifted, self->now_us))
    return PG_MERGE_REFUSED;
  answer = pg_engine_get_for_login (self->engine, &sifted.address, &stored, error);
  if (answer == PG_STORE_FAILED)
    return PG_MERGE_FAILED;
  if (answer == PG_STORE_ABSENT)
    stored = sifted;
  else if (!pg_record_merge (&stored, &sifted))
    return PG_MERGE_KEPT;
  if (!self->dry_run && !pg_store_put (pg_engine_store (self->engine), &stored, error))
    return PG_MERGE_FAILED;
  return answer == PG_STORE_ABSENT ? PG_MERGE_NEW : PG_MERGE_RENEWED;
}

/* --- notes ----------------------------------------------------------------------------------------------------------- */

static const char *
refuse_note (const PgMerge *self, const PgNote *note)
{
  gint64 latest_us = self->told_us + PG_RULES_FUTURE_SLACK_US + (note->kind == PG_NOTE_REVOKE ? REVOKE_AHEAD_US : 0);

  if (note->made_us > latest_us && (note->kind == PG_NOTE_ALLOW || note->kind == PG_NOTE_REVOKE))
    return "it is later than the export";
  return pg_engine_is_note_outdated (note, self->now_us) ? "it has been over for two weeks" : NULL;
}

/* A revoke never is. */
static gboolean
is_over (const PgMerge *self, const PgNote *note)
{
  return note->kind != PG_NOTE_REVOKE && note->until_us <= self->now_us;
}

/* Does @old stay, whatever @note says? One that is over cannot end one that is in force: where it was made it ended nothing. */
static gboolean
outlasts (const PgMerge *self, const PgNote *old, const PgNote *note)
{
  if (is_over (self, old) != is_over (self, note))
    return is_over (self, note);
  return old->made_us >= note->made_us;
}

/* A revoke concerns what a login grants here, which may be a wider network than there. A deny or freeze of a clock that ran ahead
 * is in force all the same. */
static PgNote
fit (const PgMerge *self, const PgNote *note)
{
  PgNote    fitted = *note;
  PgNetwork grant;

  fitted.id = 0;
  if (note->kind == PG_NOTE_DENY || note->kind == PG_NOTE_FREEZE)
    fitted.made_us = MIN (note->made_us, self->told_us);
  if (note->kind != PG_NOTE_REVOKE || note->target != PG_NOTE_NETWORK)
    return fitted;
  grant = pg_engine_grant_network (self->engine, &note->network.base);
  if (note->network.prefix > grant.prefix)
    fitted.network = grant;
  return fitted;
}

PgMergeFate
pg_merge_note (const PgMerge *self, const PgNote *note, const char **out_why, GError **error)
{
  PgNote        fitted = fit (self, note);
  const PgNote *old = pg_noteset_find (pg_engine_notes (self->engine), note->kind, &fitted);
  gboolean      is_new = old == NULL;

  *out_why = refuse_note (self, note);
  if (*out_why != NULL)
    return PG_MERGE_REFUSED;
  if (!is_new && outlasts (self, old, &fitted))
    return PG_MERGE_KEPT;
  if (!self->dry_run && !pg_engine_add_note (self->engine, &fitted, error))
    return PG_MERGE_FAILED;
  return is_new ? PG_MERGE_NEW : PG_MERGE_RENEWED;
}
