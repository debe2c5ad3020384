/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "daemon/daemon.h"

#include "core/error.h"
#include "daemon/collector.h"
#include "daemon/condition.h"
#include "daemon/committer.h"
#include "daemon/control-server.h"
#include "daemon/descriptors.h"
#include "daemon/freeze-log.h"
#include "daemon/login-server.h"
#include "daemon/notify.h"
#include "daemon/policy-server.h"
#include "daemon/sockets.h"
#include "daemon/store-keeper.h"
#include "daemon/sweeper.h"
#include "daemon/textfile.h"
#include "daemon/usage-keeper.h"
#include "daemon/watcher.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define TICK_MS 1000
#define SWEEP_TICKS 60
#define PERMIT_LOG_TICKS 60

/* Nobody is answered for so long, when it starts, as a database that is whole, or small, is open by then, and the end of the log
 * is read: else who asks first would have to ask again. */
#define OPEN_US (250 * G_TIME_SPAN_MILLISECOND)

/* At the end, how long is waited for requests that are on their way, and how often is looked. */
#define LEAVE_US (300 * G_TIME_SPAN_MILLISECOND)
#define LEAVE_STEP_MS 5

struct _PgDaemon
{
  PgDaemonLoad     load;
  PgEngine        *engine;
  PgPoller        *poller;
  PgSockets       *sockets;
  PgPolicyServer  *policy;
  PgControlServer *control;
  PgLoginServer   *logins;
  PgGranter       *granter;
  PgWatcher       *watcher;
  PgCommitter     *committer;
  PgSweeper       *sweeper;
  PgUsageKeeper   *usage;
  PgStoreKeeper   *store_keeper;
  PgCollector     *collector;
  PgTextfile      *textfile;
  guint            fd_limit;   /* policy connections there are descriptors for */
  gint64           started_us; /* monotonic */
  gboolean         is_frozen;  /* as it was logged last */
  guint            ticks;
  guint            tick_source;
  guint            watch_source; /* the service manager's watchdog; 0: it has none */
  char            *status;       /* as it was shown last */
};

/* --- how it is ------------------------------------------------------------------------------------------------------- */

static PgParts
parts_of (const PgDaemon *self)
{
  return (PgParts){
    .policy = self->policy,
    .logins = self->logins,
    .watcher = self->watcher,
    .committer = self->committer,
    .usage = pg_usage_keeper_log (self->usage),
    .started_us = self->started_us,
  };
}

static void
describe (JsonObject *status, gpointer user_data)
{
  PgParts parts = parts_of (user_data);

  pg_condition_describe (status, &parts);
}

static PgMetrics *
collect (gpointer user_data)
{
  const PgDaemon *self = user_data;
  PgParts         parts = parts_of (self);

  return pg_collector_collect (self->collector, &parts);
}

static void
write_textfile (PgDaemon *self)
{
  g_autoptr (PgMetrics) metrics = NULL;

  if (!pg_textfile_is_due (self->textfile))
    return;
  metrics = collect (self);
  pg_textfile_write (self->textfile, pg_metrics_to_text (metrics));
}

/* --- once a second --------------------------------------------------------------------------------------------------- */

/* A log daemon that started us writes no more; if it lives, or is started again, it starts us anew. Whoever stayed would
 * keep sockets and database from that one. */
static void
end_with_sources (G_GNUC_UNUSED gpointer user_data)
{
  g_message ("all sources of logins have come to their end");
  raise (SIGTERM);
}

/* Reads the sources that are configured now, from where their positions say. */
static gboolean
replace_watcher (PgDaemon *self, GError **error)
{
  PgWatcher *fresh = pg_watcher_new (self->engine, self->granter, end_with_sources, self, error);

  if (fresh == NULL)
    return FALSE;
  pg_committer_set_watcher (self->committer, fresh);
  pg_watcher_free (self->watcher);
  self->watcher = fresh;
  return TRUE;
}

static void
store_moved (gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!replace_watcher (user_data, &error))
    g_warning ("%s", error->message);
}

static void
store_changed (gpointer user_data)
{
  const PgDaemon *self = user_data;

  pg_watcher_tick (self->watcher);
}

/* Transfer full. */
static char *
describe_shortly (PgDaemon *self)
{
  const char *problem = pg_engine_problem (self->engine);
  gint64      n_made = pg_store_n_made (pg_engine_store (self->engine));
  guint       n_current = 0;
  guint       n_sources = pg_watcher_n_sources (self->watcher);

  if (problem != NULL && n_made >= 0)
    return g_strdup_printf ("Deferring: %s, %" G_GINT64_FORMAT " records done", problem, n_made);
  if (problem != NULL)
    return g_strdup_printf ("Deferring: %s", problem);
  for (guint i = 0; i < n_sources; i++)
    n_current += pg_watcher_report (self->watcher, i).state == PG_SOURCE_CURRENT;
  problem = pg_engine_source_problem (self->engine);
  return g_strdup_printf ("%s%" G_GUINT64_FORMAT " grants; %u of %u logs read to the end%s%s", self->is_frozen ? "FROZEN; " : "",
                          pg_store_n_grants (pg_engine_store (self->engine)), n_current, n_sources,
                          problem != NULL ? "; deferring: " : "", problem != NULL ? problem : "");
}

static void
show_status (PgDaemon *self)
{
  g_autofree char *status = describe_shortly (self);

  if (g_strcmp0 (status, self->status) == 0)
    return;
  pg_notify_status (status);
  g_free (self->status);
  self->status = g_steal_pointer (&status);
}

static gboolean
tick (gpointer user_data)
{
  PgDaemon *self = user_data;

  self->ticks++;
  pg_store_keeper_tick (self->store_keeper);
  pg_freeze_log_follow (&self->is_frozen, self->engine);
  pg_watcher_tick (self->watcher);
  pg_usage_keeper_tick (self->usage);
  pg_committer_tick (self->committer);
  pg_policy_server_tick (self->policy);
  pg_control_server_tick (self->control);
  pg_login_server_tick (self->logins);
  pg_collector_tick (self->collector);
  write_textfile (self);
  if (self->ticks % SWEEP_TICKS == 0)
    pg_sweeper_start (self->sweeper);
  if (self->ticks % PERMIT_LOG_TICKS == 0)
    pg_permit_log_tell (pg_policy_server_permit_log (self->policy));
  show_status (self);
  pg_notify_retry ();
  return G_SOURCE_CONTINUE;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static gboolean
reload (GError **error, gpointer user_data)
{
  return pg_daemon_reload (user_data, error);
}

static void
serve (PgDaemon *self)
{
  PgControlHost host = {
    .engine = self->engine,
    .usage = pg_usage_keeper_log (self->usage),
    .poller = self->poller,
    .committer = self->committer,
    .describe = describe,
    .collect = collect,
    .reload = reload,
    .user_data = self,
  };

  self->policy = pg_policy_server_new (self->engine, self->poller, self->sockets->policy);
  pg_policy_server_set_fd_limit (self->policy, self->fd_limit);
  self->control = pg_control_server_new (&host, self->sockets->control);
  self->logins = pg_login_server_new (self->engine, self->granter, self->poller, self->sockets->login);
  self->tick_source = g_timeout_add (TICK_MS, tick, self);
  self->watch_source = pg_notify_watch ();
  tick (self);
  pg_store_await (pg_engine_store (self->engine), OPEN_US);
}

/* What root may be needed for, and then root is given up: nothing was read until here but the configuration. */
static gboolean
open_sockets (PgDaemon *self, GError **error)
{
  const PgConfig *config = pg_engine_config (self->engine);
  g_auto (PgIdentity) identity = { 0 };

  if (!pg_identity_find (config->user, config->group, &identity, error) || !pg_identity_check (&identity, error))
    return FALSE;
  self->sockets = pg_sockets_open (config, &identity, error);
  if (self->sockets == NULL)
    return FALSE;
  pg_sockets_make_folder_of (config->store, 0700, &identity);
  return pg_identity_take (&identity, error);
}

static void
sync_soon (gpointer user_data)
{
  const PgDaemon *self = user_data;

  pg_committer_soon (self->committer);
}

PgDaemon *
pg_daemon_new (PgDaemonLoad load, GError **error)
{
  PgConfig *config = load (error);
  PgDaemon *self;

  if (config == NULL)
    return NULL;
  self = g_new0 (PgDaemon, 1);
  self->load = load;
  self->started_us = g_get_monotonic_time ();
  self->fd_limit = pg_descriptors_reserve (config->max_connections);
  self->engine = pg_engine_new (config, PG_STORE_READ_WRITE);
  self->granter = pg_granter_new (self->engine, sync_soon, self);
  return self;
}

gboolean
pg_daemon_start (PgDaemon *self, GError **error)
{
  self->poller = pg_poller_new ();
  if (self->poller == NULL)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot make an epoll descriptor: %s", g_strerror (errno));
      return FALSE;
    }
  self->watcher = pg_watcher_new (self->engine, self->granter, end_with_sources, self, error);
  if (self->watcher == NULL || !open_sockets (self, error))
    return FALSE;
  self->committer = pg_committer_new (self->engine);
  pg_committer_set_watcher (self->committer, self->watcher);
  self->store_keeper
    = pg_store_keeper_new (self->engine, (PgStoreKeeperHost){ .moved = store_moved, .changed = store_changed, .user_data = self });
  self->sweeper = pg_sweeper_new (self->engine);
  self->usage = pg_usage_keeper_new (self->engine);
  self->collector = pg_collector_new (self->engine);
  self->textfile = pg_textfile_new ();
  pg_textfile_set_path (self->textfile, pg_engine_config (self->engine)->textfile);
  serve (self);
  pg_notify ("READY=1");
  return TRUE;
}

static gboolean
is_same_list (char **a, char **b)
{
  return g_strv_equal ((const char *const *) a, (const char *const *) b);
}

/* What was opened at the start stays as it is. */
static void
warn_of_restart (const PgConfig *old, const PgConfig *new)
{
  if (!g_str_equal (old->store, new->store) || !is_same_list (old->policy_listen, new->policy_listen)
      || !is_same_list (old->control_listen, new->control_listen) || !is_same_list (old->login_listen, new->login_listen)
      || old->socket_mode != new->socket_mode || !g_str_equal (old->socket_owner, new->socket_owner)
      || !g_str_equal (old->socket_group, new->socket_group) || !g_str_equal (old->user, new->user)
      || !g_str_equal (old->group, new->group))
    g_warning ("a changed store, user, group, listen, socket_mode, socket_owner or socket_group takes effect at the next start "
               "only");
}

/* The sources that stay go on where they are now. If that can't be saved they are read twice, which does no harm. Nothing waits
 * for the disk: no position gets there before the grants that were read until then. */
static void
save_positions (PgDaemon *self)
{
  g_autoptr (GError) error = NULL;

  pg_watcher_note_positions (self->watcher);
  if (!pg_watcher_save_positions (self->watcher, &error))
    g_warning ("cannot save how far the logs were read: %s", error->message);
}

gboolean
pg_daemon_reload (PgDaemon *self, GError **error)
{
  PgConfig *fresh = self->load (error);
  gboolean  same_sources;

  if (fresh == NULL)
    return FALSE;
  pg_notify_reloading ();
  warn_of_restart (pg_engine_config (self->engine), fresh);
  same_sources = is_same_list (pg_engine_config (self->engine)->sources, fresh->sources);
  if (!same_sources)
    save_positions (self);
  pg_engine_set_config (self->engine, fresh);
  pg_watcher_reload (self->watcher);
  pg_control_server_reload (self->control);
  pg_login_server_reload (self->logins);
  pg_textfile_set_path (self->textfile, fresh->textfile);
  pg_policy_server_set_fd_limit (self->policy, pg_descriptors_reserve (fresh->max_connections));
  g_message ("configuration reloaded");
  pg_notify ("READY=1");
  return same_sources || replace_watcher (self, error);
}

static void
save (PgDaemon *self)
{
  g_autoptr (GError) error = NULL;
  PgStore *store = pg_engine_store (self->engine);

  if (self->watcher == NULL || pg_store_is_busy (store) || pg_engine_problem (self->engine) != NULL)
    return;
  pg_watcher_note_positions (self->watcher);
  if (!pg_store_sync (store, &error) || !pg_watcher_save_positions (self->watcher, &error) || !pg_store_close (store, &error))
    g_warning ("not all was saved: %s", error->message);
}

static gboolean
wake_up (G_GNUC_UNUSED gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Postfix waits a second before it asks again, if it is sent away while it asks. */
static void
see_guests_off (PgDaemon *self)
{
  gint64 end_us = g_get_monotonic_time () + LEAVE_US;
  guint  clock = g_timeout_add (LEAVE_STEP_MS, wake_up, NULL);

  pg_policy_server_leave (self->policy);
  (void) g_main_context_iteration (NULL, FALSE); /* what has come is read: it may be half a request */
  while (pg_policy_server_is_expecting (self->policy) && g_get_monotonic_time () < end_us)
    (void) g_main_context_iteration (NULL, TRUE);
  g_source_remove (clock);
}

void
pg_daemon_stop (PgDaemon *self)
{
  if (self == NULL)
    return;
  pg_notify ("STOPPING=1");
  if (self->policy != NULL)
    see_guests_off (self);
  if (self->tick_source != 0)
    g_source_remove (self->tick_source);
  if (self->watch_source != 0)
    g_source_remove (self->watch_source);
  pg_control_server_free (self->control);
  pg_login_server_free (self->logins);
  pg_policy_server_free (self->policy);
  pg_sockets_free (self->sockets);
  pg_sweeper_free (self->sweeper);
  pg_usage_keeper_free (self->usage);
  pg_collector_free (self->collector);
  pg_textfile_free (self->textfile);
  pg_committer_free (self->committer);
  save (self);
  pg_store_keeper_free (self->store_keeper);
  pg_watcher_free (self->watcher);
  pg_granter_free (self->granter);
  pg_poller_free (self->poller);
  pg_engine_free (self->engine);
  g_free (self->status);
  g_free (self);
}
