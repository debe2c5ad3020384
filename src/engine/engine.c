/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/engine-private.h"

#include "core/bytes.h"
#include "core/duration.h"
#include "core/error.h"
#include "engine/gate.h"

/* The longest window there can be: what is older permits nothing, however popgate is configured. */
#define OUTDATED_US (7 * PG_DAY)

/* Where the newest stamp is stored: as the position of a source that no configuration can name. */
#define NEWEST_NAME "newest-stamp"

/* Notes whose time is over stay for a while: a clock that ran ahead may come back. */
#define NOTES_KEPT_US (14 * PG_DAY)

PgEngine *
pg_engine_new (PgConfig *config, PgStoreMode mode)
{
  PgEngine *self = g_new0 (PgEngine, 1);

  self->config = config;
  self->store = pg_store_new (config->store, mode);
  self->notes = pg_noteset_new ();
  self->events = pg_events_new ();
  self->newest_us = self->newest_saved_us = PG_RECORD_NEVER;
  return self;
}

void
pg_engine_free (PgEngine *self)
{
  if (self == NULL)
    return;
  pg_store_free (self->store);
  pg_noteset_free (self->notes);
  pg_events_free (self->events);
  pg_config_free (self->config);
  g_free (self->notes_problem);
  g_free (self->source_problem);
  g_free (self->report_problem);
  g_free (self);
}

/* Stores a note that was in force before, unless @found, which is stored, says something newer of the same target. */
static gboolean
carry_over (PgEngine *self, const PgNote *note, PgNoteset *found, GError **error)
{
  const PgNote *same = pg_noteset_find (found, note->kind, note);
  PgNote        carried = *note;

  if (same != NULL && same->made_us >= note->made_us)
    return TRUE;
  if (same != NULL)
    carried.id = same->id;
  else if (pg_noteset_get (found, note->id) != NULL)
    carried.id = 0; /* another note has it there */
  if (!pg_store_put_note (self->store, &carried, error))
    return FALSE;
  pg_noteset_add (found, &carried);
  return TRUE;
}

/* Reads the notes. The database may have been replaced under us: what admins said must not go with the old one. */
static gboolean
bring_notes (PgEngine *self, GError **error)
{
  g_autoptr (GPtrArray) known = pg_noteset_list (self->notes);
  g_autoptr (PgNoteset) found = pg_noteset_new ();

  if (!pg_store_load_notes (self->store, found, error))
    return FALSE;
  for (guint i = 0; i < known->len; i++)
    if (!carry_over (self, g_ptr_array_index (known, i), found, error))
      return FALSE;
  pg_noteset_free (self->notes);
  self->notes = g_steal_pointer (&found);
  return TRUE;
}

/* --- the newest stamp ------------------------------------------------------------------------------------------------ */

/* Reads what was stored; what was read meanwhile may be newer, and another database may know nothing, as one does in which just
 * this is damaged. */
static gboolean
bring_newest (PgEngine *self, GError **error)
{
  g_autoptr (GBytes) stored = NULL;
  PgStoreAnswer answer = pg_store_get_position (self->store, NEWEST_NAME, &stored, error);

  self->newest_saved_us = PG_RECORD_NEVER;
  if (answer == PG_STORE_FOUND && g_bytes_get_size (stored) == sizeof (gint64))
    self->newest_saved_us = pg_bytes_get_i64 (g_bytes_get_data (stored, NULL));
  self->newest_us = MAX (self->newest_us, self->newest_saved_us);
  if (answer != PG_STORE_FAILED || pg_store_problem (self->store) != NULL)
    return answer != PG_STORE_FAILED;
  g_clear_error (error);
  return TRUE;
}

gboolean
pg_engine_save_newest (PgEngine *self, GError **error)
{
  guint8 data[sizeof (gint64)];
  g_autoptr (GBytes) bytes = NULL;

  if (self->newest_us == PG_RECORD_NEVER
      || (self->newest_saved_us != PG_RECORD_NEVER && self->newest_us - self->newest_saved_us < PG_SECOND))
    return TRUE;
  pg_bytes_put_i64 (data, self->newest_us);
  bytes = g_bytes_new (data, sizeof data);
  if (!pg_store_put_position (self->store, NEWEST_NAME, bytes, error))
    return FALSE;
  self->newest_saved_us = self->newest_us;
  return TRUE;
}

gint64
pg_engine_revoke_us (const PgEngine *self, gint64 now_us)
{
  return MAX (now_us, MIN (self->newest_us, now_us + OUTDATED_US));
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

gboolean
pg_engine_bring (PgEngine *self, GError **error)
{
  GError *cause = NULL;

  if (pg_engine_problem (self) == NULL)
    return TRUE;
  g_clear_pointer (&self->notes_problem, g_free);
  if (bring_notes (self, &cause) && bring_newest (self, &cause))
    return TRUE;
  self->notes_problem = g_strdup (cause->message);
  g_propagate_error (error, cause);
  return FALSE;
}

gboolean
pg_engine_open (PgEngine *self, GError **error)
{
  return pg_store_open (self->store, error) && pg_engine_bring (self, error);
}

const PgConfig *
pg_engine_config (const PgEngine *self)
{
  return self->config;
}

void
pg_engine_set_config (PgEngine *self, PgConfig *config)
{
  pg_config_free (self->config);
  self->config = config;
}

PgStore *
pg_engine_store (PgEngine *self)
{
  return self->store;
}

PgEvents *
pg_engine_events (PgEngine *self)
{
  return self->events;
}

const char *
pg_engine_problem (const PgEngine *self)
{
  const char *problem = pg_store_problem (self->store);

  if (problem != NULL || self->notes_problem != NULL)
    return problem != NULL ? problem : self->notes_problem;
  return pg_store_has_notes (self->store) ? NULL : "the notes are not read yet";
}

const char *
pg_engine_source_problem (const PgEngine *self)
{
  return self->source_problem != NULL ? self->source_problem : self->report_problem;
}

/* @place: of one of the two problems of sources. */
static void
set_problem (PgEngine *self, char **place, const char *problem)
{
  g_autofree char *before = g_strdup (pg_engine_source_problem (self));
  const char      *after;

  g_free (*place);
  *place = g_strdup (problem);
  after = pg_engine_source_problem (self);
  if (g_strcmp0 (before, after) != 0)
    pg_events_tell (self->events, &(PgEvent){ .kind = PG_EVENT_SOURCE, .problem = after });
}

void
pg_engine_set_source_problem (PgEngine *self, const char *problem)
{
  set_problem (self, &self->source_problem, problem);
}

void
pg_engine_set_report_problem (PgEngine *self, const char *problem)
{
  set_problem (self, &self->report_problem, problem);
}

const PgNoteset *
pg_engine_notes (const PgEngine *self)
{
  return self->notes;
}

const PgEngineCounters *
pg_engine_counters (const PgEngine *self)
{
  return &self->counters;
}

guint64
pg_engine_n_decisions (const PgEngine *self, PgRule rule)
{
  guint64 n = 0;

  for (guint verdict = 0; verdict < PG_N_VERDICTS; verdict++)
    n += self->counters.decisions[rule][verdict];
  return n;
}

gint64
pg_engine_newest_us (const PgEngine *self)
{
  return self->newest_us;
}

const char *
pg_login_fate_to_string (PgLoginFate fate)
{
  static const char *const names[PG_N_LOGIN_FATES] = {
    [PG_LOGIN_FAILED] = "failed",
    [PG_LOGIN_REFUSED] = "refused",
    [PG_LOGIN_KEPT] = "kept",
    [PG_LOGIN_GRANTED] = "granted",
  };

  return names[fate];
}

gboolean
pg_engine_is_usable (const PgEngine *self, GError **error)
{
  const char *problem = pg_engine_problem (self);

  if (problem != NULL)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_STORE, problem);
  return problem == NULL;
}

/* FALSE with @error set if nothing can be written for a moment: that is no failure that somebody should hear of. */
static gboolean
is_ready (const PgEngine *self, GError **error)
{
  if (!pg_store_is_busy (self->store))
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot be written yet", pg_store_path (self->store));
  return FALSE;
}

/* --- logins ---------------------------------------------------------------------------------------------------------- */

PgNetwork
pg_engine_grant_network (const PgEngine *self, const PgAddress *address)
{
  guint prefix = pg_address_is_v4 (address) ? 128 : self->config->ipv6_prefix;

  return (PgNetwork){ .base = pg_address_mask (address, prefix), .prefix = (guint8) prefix };
}

const char *
pg_engine_refusal (const PgEngine *self, const PgLogin *login, gint64 now_us)
{
  return pg_gate_refusal (self->config, self->notes, login, now_us);
}

PgStoreAnswer
pg_engine_get_for_login (PgEngine *self, const PgAddress *address, PgRecord *out, GError **error)
{
  PgStoreAnswer answer = pg_store_get (self->store, address, out, error);

  if (answer != PG_STORE_FAILED || pg_store_problem (self->store) != NULL)
    return answer;
  g_clear_error (error);
  return PG_STORE_ABSENT;
}

/* Our clock was set back, and by it a login was stamped since: that one is right, and what is stored is not. One that is stamped
 * ahead itself (@is_ahead) may be what is stored, read again. */
static PgLoginFate
store_login (PgEngine *self, const PgLogin *login, gboolean is_ahead, gint64 now_us, GError **error)
{
  PgNetwork     network = pg_engine_grant_network (self, &login->address);
  PgRecord      record;
  PgStoreAnswer answer = pg_engine_get_for_login (self, &network.base, &record, error);

  if (answer == PG_STORE_FAILED)
    return PG_LOGIN_FAILED;
  if (answer == PG_STORE_FOUND && !is_ahead && record.newest_us > now_us + PG_RULES_FUTURE_SLACK_US)
    pg_record_forget_future (&record, now_us);
  else if (answer == PG_STORE_FOUND && !pg_gate_is_renewal_needed (self->config, self->notes, &record, login, now_us))
    return PG_LOGIN_KEPT;
  if (answer == PG_STORE_ABSENT)
    pg_record_init (&record, &network.base);
  pg_record_add_login (&record, login);
  return pg_store_put (self->store, &record, error) ? PG_LOGIN_GRANTED : PG_LOGIN_FAILED;
}

PgLoginFate
pg_engine_login (PgEngine *self, const PgLogin *login, gint64 now_us, const char **out_why, GError **error)
{
  PgLogin     clamped = *login;
  PgLoginFate fate = PG_LOGIN_REFUSED;

  *out_why = NULL;
  if (!pg_engine_is_usable (self, error) || !is_ready (self, error))
    return PG_LOGIN_FAILED;
  self->newest_us = MAX (self->newest_us, login->time_us);
  clamped.time_us = MIN (login->time_us, now_us);
  *out_why = pg_engine_refusal (self, &clamped, now_us);
  if (*out_why == NULL)
    fate = store_login (self, &clamped, login->time_us > now_us + PG_RULES_FUTURE_SLACK_US, now_us, error);
  self->counters.logins[fate]++;
  pg_events_tell (self->events,
                  &(PgEvent){ .kind = PG_EVENT_LOGIN, .now_us = now_us, .login = &clamped, .fate = fate, .why = *out_why });
  return fate;
}

gboolean
pg_engine_is_outdated (const PgRecord *record, gint64 now_us)
{
  return now_us - record->newest_us > OUTDATED_US;
}

/* --- notes ----------------------------------------------------------------------------------------------------------- */

gboolean
pg_engine_add_note (PgEngine *self, PgNote *note, GError **error)
{
  const PgNote *old = pg_noteset_find (self->notes, note->kind, note);

  if (!pg_engine_is_usable (self, error))
    return FALSE;
  if (old != NULL)
    note->id = old->id;
  if (!pg_store_put_note (self->store, note, error))
    return FALSE;
  pg_noteset_add (self->notes, note);
  pg_events_tell (self->events, &(PgEvent){ .kind = PG_EVENT_NOTE, .note = note });
  return TRUE;
}

gboolean
pg_engine_forget_note (PgEngine *self, guint64 id, GError **error)
{
  const PgNote *note = pg_noteset_get (self->notes, id);

  if (!pg_engine_is_usable (self, error))
    return FALSE;
  if (note == NULL)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "there is no note %" G_GUINT64_FORMAT, id);
      return FALSE;
    }
  if (!pg_store_remove_note (self->store, id, error))
    return FALSE;
  pg_events_tell (self->events, &(PgEvent){ .kind = PG_EVENT_FORGOTTEN, .note = note });
  pg_noteset_remove (self->notes, id);
  return TRUE;
}

gboolean
pg_engine_is_note_outdated (const PgNote *note, gint64 now_us)
{
  gint64 over_us = note->kind == PG_NOTE_REVOKE ? note->made_us : note->until_us;

  return now_us - over_us > NOTES_KEPT_US;
}

gboolean
pg_engine_forget_outdated_notes (PgEngine *self, gint64 now_us, GError **error)
{
  g_autoptr (GPtrArray) list = pg_noteset_list (self->notes);

  for (guint i = 0; i < list->len; i++)
    {
      const PgNote *note = g_ptr_array_index (list, i);

      if (pg_engine_is_note_outdated (note, now_us) && !pg_engine_forget_note (self, note->id, error))
        return FALSE;
    }
  return TRUE;
}
