/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor-look.h"

#include "control/message.h"
#include "core/duration.h"
#include "source/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- logs ------------------------------------------------------------------------------------------------------------ */

/* The last bytes of a file of @size, from the start of a line on; transfer full. */
static char *
read_end (int fd, gint64 size, gsize *out_len)
{
  gint64 start = MAX (size - (gint64) PG_DOCTOR_LOG_BYTES, 0);
  gsize  wanted = (gsize) (size - start);
  char  *bytes = g_malloc (wanted + 1);
  gsize  len = 0;
  PgSpan rest;
  PgSpan first;

  while (len < wanted)
    {
      ssize_t got = pread (fd, bytes + len, wanted - len, start + (gint64) len);

      if (got <= 0)
        break;
      len += (gsize) got;
    }
  rest = pg_span (bytes, len);
  if (start > 0 && pg_span_take_until (&rest, '\n', &first))
    memmove (bytes, rest.data, rest.len);
  *out_len = rest.len;
  return bytes;
}

static void
feed (PgDoctorLog *log, const PgDoctorFacts *facts, int fd, const struct stat *status)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  gsize            len;
  g_autofree char *text = read_end (fd, (gint64) status->st_size, &len);

  if (log->n_lines == 0)
    log->modified_us = (gint64) status->st_mtim.tv_sec * PG_SECOND + status->st_mtim.tv_nsec / 1000;
  pg_doctor_log_feed (log, pg_span (text, len), facts->config, zone, facts->now_us);
}

/* The predecessor, where it is not compressed. */
static void
feed_predecessor (PgDoctorLog *log, const PgDoctorFacts *facts)
{
  g_autofree char *path = g_strconcat (log->spec->path, ".1", NULL);
  int              fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat      status;

  if (fd < 0)
    return;
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    feed (log, facts, fd, &status);
  close (fd);
}

/* Who owns what popgated itself writes, or may write to it, is trusted by it. */
static void
check_writers (PgDoctorLog *log, const PgDoctorFacts *facts, int fd, const struct stat *status)
{
  g_autoptr (GError) error = NULL;

  if (facts->daemon_uid > 0 && (gint64) status->st_uid == facts->daemon_uid && (status->st_mode & 0022) == 0)
    return;
  if (!pg_trust_check_file (log->spec->path, fd, &error))
    log->untrusted = g_strdup (error->message);
}

static void
look_at (PgDoctorLog *log, const PgDoctorFacts *facts, int fd)
{
  struct stat status;

  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode))
    {
      log->problem = g_strdup_printf ("%s is no regular file", log->spec->path);
      return;
    }
  check_writers (log, facts, fd, &status);
  feed (log, facts, fd, &status);
  if (log->n_logins == 0)
    feed_predecessor (log, facts);
}

static void
look_at_file (PgDoctorLog *log, const PgDoctorFacts *facts)
{
  int fd = open (log->spec->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd >= 0)
    {
      look_at (log, facts, fd);
      close (fd);
      return;
    }
  log->is_absent = errno == ENOENT;
  log->is_ours = errno == EACCES && geteuid () != 0;
  log->problem = g_strdup_printf ("%s cannot be opened: %s", log->spec->path, g_strerror (errno));
}

PgDoctorLog *
pg_doctor_look (const PgDoctorFacts *facts, const char *source)
{
  PgDoctorLog *log = pg_doctor_log_new (source);

  if (log->spec->kind == PG_SOURCE_FILE)
    look_at_file (log, facts);
  return log;
}

/* --- configurations -------------------------------------------------------------------------------------------------- */

static void
add_file (GString *text, const char *path)
{
  g_autofree char *content = NULL;

  if (g_file_get_contents (path, &content, NULL, NULL))
    g_string_append_printf (text, "#file %s\n%s\n", path, content);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const char *const *left = a;
  const char *const *right = b;

  return strcmp (*left, *right);
}

static void
add_folder (GString *text, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".conf"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);

      add_file (text, path);
    }
}

static char *
look_at_both (const char *etc, const char *file, const char *folder)
{
  g_autofree char *file_path = g_build_filename (etc, file, NULL);
  g_autofree char *folder_path = g_build_filename (etc, folder, NULL);
  GString         *text = g_string_new (NULL);

  add_file (text, file_path);
  add_folder (text, folder_path);
  return g_string_free (text, text->len == 0);
}

char *
pg_doctor_look_rsyslog (const char *etc)
{
  return look_at_both (etc, "rsyslog.conf", "rsyslog.d");
}

char *
pg_doctor_look_journald (const char *etc)
{
  return look_at_both (etc, "systemd/journald.conf", "systemd/journald.conf.d");
}
