/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor-probe.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEM_FOLDERS "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin"
#define REPLY_MAX 1024
#define GROUPS_MAX 256

/* --- programs -------------------------------------------------------------------------------------------------------- */

typedef struct
{
  GMainLoop *loop;
  gboolean   ok;
  gboolean   late;
  char      *output;
  GError    *error;
} Run;

static void
end_run (GObject *process, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  run->ok = g_subprocess_communicate_utf8_finish (G_SUBPROCESS (process), result, &run->output, NULL, &run->error);
  g_main_loop_quit (run->loop);
}

static gboolean
give_up (gpointer user_data)
{
  GCancellable *cancellable = user_data;

  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

/* In a context of its own; ends the program if it takes too long. */
static void
wait_for (GSubprocess *process, Run *run)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) timer = g_timeout_source_new_seconds (PG_DOCTOR_PATIENCE_S);

  run->loop = g_main_loop_new (context, FALSE);
  g_main_context_push_thread_default (context);
  g_source_set_callback (timer, give_up, cancellable, NULL);
  g_source_attach (timer, context);
  g_subprocess_communicate_utf8_async (process, NULL, cancellable, end_run, run);
  g_main_loop_run (run->loop);
  g_source_destroy (timer);
  g_main_context_pop_thread_default (context);
  g_main_loop_unref (run->loop);
  run->late = g_cancellable_is_cancelled (cancellable);
  if (run->late)
    g_subprocess_force_exit (process);
}

static char *
find_program (const char *name)
{
  g_auto (GStrv) folders = g_strsplit (SYSTEM_FOLDERS, ":", -1);
  char *found = g_find_program_in_path (name);

  for (guint i = 0; found == NULL && folders[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (folders[i], name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        found = g_steal_pointer (&path);
    }
  return found;
}

static GSubprocess *
spawn (const char *const *argv, char **out_problem)
{
  g_autofree char        *program = find_program (argv[0]);
  g_autofree const char **arguments = g_memdup2 (argv, (g_strv_length ((char **) argv) + 1) * sizeof *argv);
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  if (program == NULL)
    {
      *out_problem = g_strdup_printf ("%s is not installed", argv[0]);
      return NULL;
    }
  arguments[0] = program;
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  g_subprocess_launcher_setenv (launcher, "PAGER", "cat", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, arguments, &error);
  if (process == NULL)
    *out_problem = g_strdup_printf ("%s cannot be run: %s", argv[0], error->message);
  return process;
}

char *
pg_doctor_run (const char *const *argv, char **out_problem)
{
  g_autoptr (GSubprocess) process = spawn (argv, out_problem);
  g_autofree char *output = NULL;
  Run              run = { .ok = FALSE };

  if (process == NULL)
    return NULL;
  wait_for (process, &run);
  output = run.output;
  if (run.late)
    *out_problem = g_strdup_printf ("%s took too long", argv[0]);
  else if (!run.ok)
    *out_problem = g_strdup_printf ("%s cannot be read: %s", argv[0], run.error->message);
  else if (!g_subprocess_get_successful (process))
    *out_problem = g_strdup_printf ("%s failed", argv[0]);
  g_clear_error (&run.error);
  return *out_problem == NULL ? g_steal_pointer (&output) : NULL;
}

/* --- as another user ------------------------------------------------------------------------------------------------- */

/* What the child finds out. @blocker: length of the path that it may not pass; 0: there is none. */
typedef struct
{
  int   failure;
  gsize blocker;
} Outcome;

typedef struct
{
  uid_t              uid;
  gid_t              gid;
  gid_t              groups[GROUPS_MAX];
  int                n_groups;
  struct sockaddr_un address;
} Attempt;

/* Only system calls from here on: this is a fork of a process that may have threads. */
static gsize
find_blocker (const char *path)
{
  char  part[sizeof ((struct sockaddr_un *) NULL)->sun_path];
  gsize len = strlen (path);

  for (gsize i = 1; i < len; i++)
    if (path[i] == '/')
      {
        memcpy (part, path, i);
        part[i] = '\0';
        if (access (part, X_OK) != 0)
          return i;
      }
  return len;
}

static Outcome
attempt (const Attempt *self)
{
  Outcome outcome = { .blocker = 0 };
  int     fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd < 0 || (geteuid () == 0 && setgroups ((size_t) self->n_groups, self->groups) != 0)
      || setresgid (self->gid, self->gid, self->gid) != 0 || setresuid (self->uid, self->uid, self->uid) != 0)
    outcome.failure = errno;
  else if (connect (fd, (const struct sockaddr *) &self->address, sizeof self->address) != 0)
    {
      outcome.failure = errno;
      outcome.blocker = errno == EACCES ? find_blocker (self->address.sun_path) : 0;
    }
  return outcome;
}

static gboolean
run_child (const Attempt *self, Outcome *out)
{
  int     ends[2];
  pid_t   child;
  ssize_t got;
  int     status;

  if (pipe (ends) != 0)
    return FALSE;
  child = fork ();
  if (child == 0)
    {
      *out = attempt (self);
      _exit (write (ends[1], out, sizeof *out) == (ssize_t) sizeof *out ? 0 : 1);
    }
  close (ends[1]);
  got = child > 0 ? read (ends[0], out, sizeof *out) : -1;
  close (ends[0]);
  while (child > 0 && waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;
  return got == (ssize_t) sizeof *out;
}

static gboolean
prepare (const char *user, const PgDoctorSocket *socket, Attempt *out)
{
  const struct passwd *entry = getpwnam (user);

  if (entry == NULL || strlen (socket->path) >= sizeof out->address.sun_path)
    return FALSE;
  *out = (Attempt){ .uid = entry->pw_uid, .gid = entry->pw_gid, .n_groups = GROUPS_MAX };
  out->address.sun_family = AF_UNIX;
  g_strlcpy (out->address.sun_path, socket->path, sizeof out->address.sun_path);
  return getgrouplist (user, entry->pw_gid, out->groups, &out->n_groups) >= 0;
}

void
pg_doctor_connect_as (const char *user, PgDoctorSocket *socket)
{
  Attempt self;
  Outcome outcome;

  if (!prepare (user, socket, &self))
    socket->untried = g_strdup_printf ("there is no user %s", user);
  else if (geteuid () != 0 && geteuid () != self.uid)
    socket->untried = g_strdup_printf ("only root can try with the rights of user %s", user);
  else if (!run_child (&self, &outcome))
    socket->untried = g_strdup_printf ("it could not be tried as user %s", user);
  else
    {
      socket->failure = outcome.failure;
      socket->blocker = outcome.blocker > 0 ? g_strndup (socket->path, outcome.blocker) : NULL;
    }
}

/* --- a question ------------------------------------------------------------------------------------------------------ */

static const char request[] = "request=smtpd_access_policy\n"
                              "protocol_state=RCPT\n"
                              "protocol_name=ESMTP\n"
                              "client_address=" PG_DOCTOR_ADDRESS "\n"
                              "client_name=unknown\n"
                              "reverse_client_name=unknown\n"
                              "helo_name=doctor.invalid\n"
                              "sender=doctor@popgate.invalid\n"
                              "recipient=doctor@popgate.invalid\n"
                              "recipient_count=0\n"
                              "queue_id=\n"
                              "instance=popgate.doctor\n"
                              "size=0\n"
                              "sasl_method=\n"
                              "sasl_username=\n"
                              "sasl_sender=\n"
                              "encryption_protocol=\n"
                              "policy_context=\n"
                              "\n";

/* The action's text; NULL: the reply is none that Postfix would take. */
static char *
read_reply (GInputStream *input, GError **error)
{
  char   reply[REPLY_MAX + 1] = "";
  gsize  len = 0;
  gssize got = 1;

  while (got > 0 && len < REPLY_MAX && g_strstr_len (reply, (gssize) len, "\n\n") == NULL)
    {
      got = g_input_stream_read (input, reply + len, REPLY_MAX - len, NULL, error);
      if (got < 0)
        return NULL;
      len += (gsize) got;
    }
  if (g_str_has_prefix (reply, "action=") && g_strstr_len (reply, (gssize) len, "\n\n") == reply + strcspn (reply, "\n"))
    return g_strndup (reply + strlen ("action="), strcspn (reply, "\n") - strlen ("action="));
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "what came is no answer of the policy protocol");
  return NULL;
}

static GSocketConnection *
connect_to (const PgDoctorSocket *socket, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnectable) place = NULL;

  g_socket_client_set_timeout (client, PG_DOCTOR_PATIENCE_S);
  g_socket_client_set_enable_proxy (client, FALSE);
  if (socket->path != NULL)
    place = G_SOCKET_CONNECTABLE (g_unix_socket_address_new (socket->path));
  else
    place = g_network_address_parse (socket->name + strlen ("inet:"), 0, error);
  return place != NULL ? g_socket_client_connect (client, place, NULL, error) : NULL;
}

void
pg_doctor_ask (PgDoctorSocket *socket)
{
  g_autoptr (GError) error = NULL;
  gint64 began_us = g_get_monotonic_time ();
  g_autoptr (GSocketConnection) connection = connect_to (socket, &error);
  GIOStream *stream = G_IO_STREAM (connection);

  if (connection != NULL
      && g_output_stream_write_all (g_io_stream_get_output_stream (stream), request, sizeof request - 1, NULL, NULL, &error))
    socket->action = read_reply (g_io_stream_get_input_stream (stream), &error);
  socket->ask_ms = (guint) ((g_get_monotonic_time () - began_us) / 1000);
  if (socket->action == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    socket->ask_problem = g_strdup (error->message);
}
