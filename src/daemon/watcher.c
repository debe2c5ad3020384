/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/watcher.h"

#include "daemon/health.h"
#include "daemon/log.h"

#include <glib-unix.h>

/* Read at once before other things get their turn. */
#define BUDGET 262144

typedef struct
{
  PgWatcher *owner;
  PgSource  *source;
  PgJoiner  *joiner;
  PgHealth   health;
  guint      fd_source;   /* in the main loop; 0: none */
  guint      idle_source; /* reads on at once; 0: none */
  GBytes    *noted;       /* position to be saved */
  GBytes    *saved;
  gint64     noted_us; /* monotonic: when it was */
  gint64     saved_us; /* when what is saved was noted, or it was started */
  gboolean   has_positions;
} Feed;

struct _PgWatcher
{
  PgEngine         *engine;
  PgGranter        *granter;
  PgLineRules       rules; /* of the engine's configuration */
  PgProgramMemo     memo;  /* of these rules */
  PgWatcherOver     over;  /* NULL: it was called */
  gpointer          over_data;
  GPtrArray        *feeds; /* of Feed */
  GTimeZone        *zone;
  gboolean          is_started;
  gint64            now_us; /* when the portion was read that lines are taken of */
  PgWatcherCounters counters;
  PgLogThrottle     refusals;
};

/* --- one line -------------------------------------------------------------------------------------------------------- */

static void
tell_refused_line (PgWatcher *self, PgSpan line, const char *why)
{
  if (pg_log_may (&self->refusals, "log lines that are no plain login"))
    {
      g_autofree char *shown = pg_span_escape (line, 300);

      g_warning ("not taken for a login (%s): \"%s\"", why, shown);
    }
}

static gboolean
take_line (PgSpan line, PgHeadFormat format, gpointer user_data)
{
  Feed       *feed = user_data;
  PgWatcher  *self = feed->owner;
  gint64      now_us = self->now_us;
  PgClock     clock = { .zone = self->zone, .now_us = MIN (now_us, pg_source_written_us (feed->source)) };
  const char *why;
  PgLogin     login;
  PgLineKind  kind = pg_login_line_parse (line, format, &self->rules, &clock, feed->joiner, &login, &why);

  if (kind == PG_LINE_LOGIN && !pg_granter_take (self->granter, &login, now_us))
    {
      pg_joiner_restore (feed->joiner);
      return FALSE;
    }
  if (kind == PG_LINE_LOGIN)
    pg_health_stamp (&feed->health, pg_source_name (feed->source), login.time_us, now_us);
  if (kind == PG_LINE_REFUSED)
    tell_refused_line (self, line, why);
  self->counters.lines[kind]++;
  return TRUE;
}

/* --- health ---------------------------------------------------------------------------------------------------------- */

static void
tell_engine (PgWatcher *self)
{
  gint64           stale_us = pg_engine_config (self->engine)->stale_us;
  gint64           time_us = g_get_monotonic_time ();
  g_autofree char *problem = self->is_started ? NULL : g_strdup ("the logs are not being read yet");

  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      pg_health_follow (&feed->health, feed->source, stale_us, time_us);
      if (problem == NULL)
        problem = pg_health_problem (&feed->health, feed->source, stale_us, time_us);
    }
  if (g_strcmp0 (problem, pg_engine_source_problem (self->engine)) != 0)
    pg_engine_set_source_problem (self->engine, problem);
}

static gboolean
is_over (const PgWatcher *self)
{
  for (guint i = 0; i < self->feeds->len; i++)
    if (!pg_source_is_over (((const Feed *) g_ptr_array_index (self->feeds, i))->source))
      return FALSE;
  return self->feeds->len > 0;
}

static void
tell_owner (PgWatcher *self)
{
  PgWatcherOver over = self->over;

  if (over == NULL || !is_over (self))
    return;
  self->over = NULL;
  over (self->over_data);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static void read_feed (Feed *feed);

static gboolean
read_on (gpointer user_data)
{
  Feed *feed = user_data;

  feed->idle_source = 0;
  read_feed (feed);
  return G_SOURCE_REMOVE;
}

static gboolean
read_ready (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  Feed *feed = user_data;

  read_feed (feed);
  return feed->fd_source != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* A descriptor that has come to its end would be ready for ever, and so is one whose lines are not taken now. */
static void
wait_for_more (Feed *feed, gboolean can_take)
{
  int fd = can_take ? pg_source_fd (feed->source) : -1;

  if (fd >= 0 && feed->fd_source == 0)
    feed->fd_source = g_unix_fd_add (fd, G_IO_IN | G_IO_HUP | G_IO_ERR, read_ready, feed);
  else if (fd < 0 && feed->fd_source != 0)
    {
      g_source_remove (feed->fd_source);
      feed->fd_source = 0;
    }
}

static void
read_feed (Feed *feed)
{
  PgWatcher   *self = feed->owner;
  PgSourceSink sink = { .take = take_line, .user_data = feed };
  gboolean     more;

  self->now_us = g_get_real_time ();
  more = pg_source_read (feed->source, BUDGET, &sink);
  if (more && feed->idle_source == 0)
    feed->idle_source = g_idle_add_full (G_PRIORITY_DEFAULT, read_on, feed, NULL);
  wait_for_more (feed, more || pg_source_state (feed->source) != PG_SOURCE_BEHIND);
  tell_engine (self);
  tell_owner (self);
}

/* What is stored of a source that was just started is as new as can be. */
static void
begin_positions (Feed *feed)
{
  g_autoptr (GBytes) first = pg_source_position (feed->source);

  feed->has_positions = first != NULL;
  feed->saved_us = g_get_monotonic_time ();
}

static void
start_feed (Feed *feed)
{
  PgWatcher *self = feed->owner;
  g_autoptr (GBytes) position = NULL;
  g_autoptr (GError) error = NULL;
  PgClock     clock = { .zone = self->zone, .now_us = g_get_real_time () };
  const char *name = pg_source_name (feed->source);
  gint64      since_us = clock.now_us - pg_engine_config (self->engine)->window_us;

  if (pg_store_get_position (pg_engine_store (self->engine), name, &position, &error) == PG_STORE_FAILED)
    g_warning ("%s: where reading stopped is not known, looking back one window: %s", name, error->message);
  /* Without a position as well: what is looked back at has an older part, and a pipe may have had another reader. */
  pg_torn_resume (pg_joiner_torn (feed->joiner));
  pg_source_start (feed->source, position, since_us, &clock);
  begin_positions (feed);
  read_feed (feed);
}

void
pg_watcher_reload (PgWatcher *self)
{
  self->memo = (PgProgramMemo){ 0 };
  self->rules = pg_config_line_rules (pg_engine_config (self->engine));
  self->rules.memo = &self->memo;
}

static void
start (PgWatcher *self)
{
  if (self->is_started || pg_engine_problem (self->engine) != NULL)
    return;
  self->is_started = TRUE;
  for (guint i = 0; i < self->feeds->len; i++)
    start_feed (g_ptr_array_index (self->feeds, i));
}

void
pg_watcher_tick (PgWatcher *self)
{
  start (self);
  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      pg_source_tick (feed->source);
      read_feed (feed);
    }
  tell_engine (self);
}

void
pg_watcher_note_positions (PgWatcher *self)
{
  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      g_clear_pointer (&feed->noted, g_bytes_unref);
      feed->noted = pg_source_position (feed->source);
      feed->noted_us = g_get_monotonic_time ();
    }
}

static gboolean
save_position (PgWatcher *self, Feed *feed, GError **error)
{
  gboolean is_saved = feed->noted == NULL || (feed->saved != NULL && g_bytes_equal (feed->noted, feed->saved));

  if (!is_saved && !pg_store_put_position (pg_engine_store (self->engine), pg_source_name (feed->source), feed->noted, error))
    return FALSE;
  feed->saved_us = feed->noted_us;
  if (is_saved)
    return TRUE;
  g_clear_pointer (&feed->saved, g_bytes_unref);
  feed->saved = g_bytes_ref (feed->noted);
  return TRUE;
}

gboolean
pg_watcher_save_positions (PgWatcher *self, GError **error)
{
  if (self->is_started && !pg_engine_save_newest (self->engine, error))
    return FALSE;
  for (guint i = 0; i < self->feeds->len && self->is_started; i++)
    if (!save_position (self, g_ptr_array_index (self->feeds, i), error))
      return FALSE;
  return TRUE;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static void
free_feed (gpointer data)
{
  Feed *feed = data;

  if (feed->fd_source != 0)
    g_source_remove (feed->fd_source);
  if (feed->idle_source != 0)
    g_source_remove (feed->idle_source);
  g_clear_pointer (&feed->noted, g_bytes_unref);
  g_clear_pointer (&feed->saved, g_bytes_unref);
  pg_health_clear (&feed->health);
  pg_source_free (feed->source);
  pg_joiner_free (feed->joiner);
  g_free (feed);
}

PgWatcher *
pg_watcher_new (PgEngine *engine, PgGranter *granter, PgWatcherOver over, gpointer user_data, GError **error)
{
  PgWatcher *self = g_new0 (PgWatcher, 1);
  char     **spec;

  self->engine = engine;
  self->granter = granter;
  self->over = over;
  self->over_data = user_data;
  self->zone = g_time_zone_new_local ();
  pg_watcher_reload (self);
  self->feeds = g_ptr_array_new_with_free_func (free_feed);
  for (spec = pg_engine_config (engine)->sources; *spec != NULL; spec++)
    {
      PgSource *source = pg_source_new (*spec, error);
      Feed     *feed;

      if (source == NULL)
        {
          pg_watcher_free (self);
          return NULL;
        }
      feed = g_new0 (Feed, 1);
      feed->owner = self;
      feed->source = source;
      feed->joiner = pg_joiner_new ();
      g_ptr_array_add (self->feeds, feed);
    }
  tell_engine (self);
  return self;
}

void
pg_watcher_free (PgWatcher *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->feeds);
  g_time_zone_unref (self->zone);
  g_free (self);
}

guint
pg_watcher_n_sources (const PgWatcher *self)
{
  return self->feeds->len;
}

PgWatcherReport
pg_watcher_report (const PgWatcher *self, guint index)
{
  const Feed *feed = g_ptr_array_index (self->feeds, index);
  gint64      time_us = g_get_monotonic_time ();

  return (PgWatcherReport){
    .name = pg_source_name (feed->source),
    .state = self->is_started ? pg_source_state (feed->source) : PG_SOURCE_BEHIND,
    .problem = self->is_started ? pg_source_problem (feed->source) : NULL,
    .warning = pg_health_warning (&feed->health, pg_engine_config (self->engine)->window_us, time_us),
    .for_us = pg_health_not_current_for (&feed->health, time_us),
    .newest_us = feed->health.newest_us,
    .position_age_us = feed->has_positions || feed->noted != NULL ? time_us - feed->saved_us : -1,
  };
}

const PgWatcherCounters *
pg_watcher_counters (const PgWatcher *self)
{
  return &self->counters;
}
