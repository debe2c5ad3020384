/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/hindsight.h"

#include "engine/engine-private.h"

/* Those that were there at @at_us; until when they hold is looked at by the rules. */
static PgNoteset *
notes_of (const PgEngine *engine, gint64 at_us)
{
  g_autoptr (GPtrArray) list = pg_noteset_list (pg_engine_notes (engine));
  PgNoteset *notes = pg_noteset_new ();

  for (guint i = 0; i < list->len; i++)
    {
      const PgNote *note = g_ptr_array_index (list, i);

      if (note->made_us <= at_us)
        pg_noteset_add (notes, note);
    }
  return notes;
}

/* A record whose first login is later has nothing to hide, unless it was made anew: what was there before was removed as it was
 * too old, so only of moments that long ago. */
static gboolean
may_hide_logins (const PgHindsight *self, gint64 at_us, gint64 now_us)
{
  if (pg_engine_is_outdated (&(PgRecord){ .newest_us = at_us }, now_us))
    return TRUE;
  return self->has_now && self->now.newest_us > at_us && self->now.first_us <= at_us;
}

static PgStoreAnswer
look_up (PgEngine *engine, const PgQuery *query, PgRecord *out, GError **error)
{
  PgNetwork network = pg_engine_grant_network (engine, &query->address);

  if (!pg_engine_is_usable (engine, error))
    return PG_STORE_FAILED;
  return pg_store_get (pg_engine_store (engine), &network.base, out, error);
}

void
pg_hindsight_explain (PgEngine *engine, const PgQuery *query, gint64 at_us, gint64 now_us, PgHindsight *out,
                      PgRuleStep out_steps[PG_N_RULES - 1])
{
  g_autoptr (PgNoteset) notes = notes_of (engine, at_us);
  g_autoptr (GError) error = NULL;
  PgRuleSettings settings = pg_engine_rule_settings (engine);
  PgStoreAnswer  answer = look_up (engine, query, &out->now, &error);
  PgFacts        facts = { .notes = notes, .store_problem = error != NULL ? error->message : NULL };

  out->has_now = answer == PG_STORE_FOUND;
  out->may_hide_logins = may_hide_logins (out, at_us, now_us);
  if (out->has_now)
    {
      out->finding.record = out->now;
      pg_record_forget_future (&out->finding.record, at_us);
    }
  out->finding.has_record = out->has_now && out->finding.record.newest_us != PG_RECORD_NEVER;
  if (out->finding.has_record)
    facts.record = &out->finding.record;
  pg_rules_decide (query, &facts, &settings, at_us, &out->finding.decision);
  pg_rules_explain (query, &facts, &settings, at_us, out_steps);
}
