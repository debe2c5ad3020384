/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "source/unpack.h"

#include "folder.h"

#define N_LINES 60000 /* several portions, packed and unpacked */

static GString *text; /* what is packed */

static void
set_up (void)
{
  make_folder ();
  text = g_string_new (NULL);
  for (guint i = 0; i < N_LINES; i++)
    g_string_append_printf (text, "line %u %08x\n", i, (i + 1) * 2654435761u);
}

static void
tear_down (void)
{
  g_string_free (text, TRUE);
  remove_folder ();
}

typedef struct
{
  const char *name;
  const char *command; /* packs FILE to standard output */
  gboolean    by_libarchive;
} Packer;

static const Packer packers[] = {
  { "gzip", "gzip -c", FALSE }, { "gzip -1", "gzip -1 -c", FALSE }, { "bzip2", "bzip2 -c", TRUE },
  { "xz", "xz -c", TRUE },      { "zstd", "zstd -q -c", TRUE },
};

#ifdef HAVE_LIBARCHIVE
#define HAS_LIBARCHIVE TRUE
#else
#define HAS_LIBARCHIVE FALSE
#endif

/* The packed text, or NULL, with the reason printed, if that can't be tried here. */
static GBytes *
pack (const Packer *packer)
{
  g_autofree char *plain = in_folder ("plain");
  g_autofree char *packed = in_folder ("packed");
  g_autofree char *command = g_strdup_printf ("%s %s >%s", packer->command, plain, packed);
  g_auto (GStrv) words = g_strsplit (packer->command, " ", 2);
  g_autofree char *program = g_find_program_in_path (words[0]);

  if (program == NULL)
    {
      printf ("skipped: %s is not installed\n", words[0]);
      return NULL;
    }
  write_bytes (plain, text->str, text->len);
  ck_assert_int_eq (system (command), 0);
  return read_bytes (packed);
}

/* Writes @data, reads it, and returns what came out. @error as pg_unpack_next() gave it. */
static GString *
unpack (const void *data, gsize len, GError **error)
{
  g_autofree char *path = in_folder ("mail.log");
  GString         *out = g_string_new (NULL);
  PgSpan           portion = { NULL, 0 };
  PgUnpack        *unpack;

  write_bytes (path, data, len);
  unpack = pg_unpack_open (path, error);
  if (unpack != NULL)
    do
      g_string_append_len (out, portion.len > 0 ? portion.data : "", (gssize) portion.len);
    while (pg_unpack_next (unpack, &portion, error) && portion.len > 0);
  pg_unpack_free (unpack);
  return out;
}

/* The error names the file. */
static void
assert_fails (const char *name, const GError *error, gint code)
{
  g_autofree char *path = in_folder ("mail.log");

  ck_assert_msg (g_error_matches (error, PG_ERROR, code), "%s: %s", name, error != NULL ? error->message : "no error");
  ck_assert_msg (strstr (error->message, path) != NULL, "%s: %s", name, error->message);
}

static gboolean
is_readable (const Packer *packer, GBytes *packed)
{
  g_autoptr (GError) error = NULL;
  GString *out;

  if (!packer->by_libarchive || HAS_LIBARCHIVE)
    return TRUE;
  out = unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), &error);
  assert_fails (packer->name, error, PG_ERROR_VALUE);
  ck_assert_uint_eq (out->len, 0);
  g_string_free (out, TRUE);
  return FALSE;
}

static void
assert_text (const char *name, const GString *got, gsize times)
{
  ck_assert_msg (got->len == times * text->len, "%s: %zu bytes, expected %zu", name, got->len, times * text->len);
  for (gsize i = 0; i < times; i++)
    ck_assert_msg (memcmp (got->str + i * text->len, text->str, text->len) == 0, "%s: other bytes", name);
}

START_TEST (one_stream)
{
  const Packer *packer = &packers[_i];
  g_autoptr (GBytes) packed = pack (packer);
  g_autoptr (GError) error = NULL;
  GString *out;

  if (packed == NULL || !is_readable (packer, packed))
    return;
  out = unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), &error);
  assert_row_agrees (packer->name, error == NULL, error, TRUE);
  assert_text (packer->name, out, 1);
  g_string_free (out, TRUE);
}
END_TEST

/* As "cat a.gz b.gz" makes it, and what appends to a packed log. */
START_TEST (two_streams)
{
  const Packer *packer = &packers[_i];
  g_autoptr (GBytes) packed = pack (packer);
  g_autoptr (GByteArray) twice = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  GString *out;

  if (packed == NULL || !is_readable (packer, packed))
    return;
  for (guint i = 0; i < 2; i++)
    g_byte_array_append (twice, g_bytes_get_data (packed, NULL), (guint) g_bytes_get_size (packed));
  out = unpack (twice->data, twice->len, &error);
  assert_row_agrees (packer->name, error == NULL, error, TRUE);
  assert_text (packer->name, out, 2);
  g_string_free (out, TRUE);
}
END_TEST

/* What comes out before the error is the beginning of what was packed. */
static void
assert_damaged (const char *name, const void *data, gsize len)
{
  g_autoptr (GError) error = NULL;
  GString *out = unpack (data, len, &error);

  assert_fails (name, error, PG_ERROR_DAMAGED);
  ck_assert_msg (out->len <= text->len && memcmp (out->str, text->str, out->len) == 0, "%s: other bytes", name);
  g_string_free (out, TRUE);
}

START_TEST (cut)
{
  const Packer *packer = &packers[_i];
  g_autoptr (GBytes) packed = pack (packer);
  gsize len;

  if (packed == NULL || !is_readable (packer, packed))
    return;
  len = g_bytes_get_size (packed);
  assert_damaged (packer->name, g_bytes_get_data (packed, NULL), len - 1);
  assert_damaged (packer->name, g_bytes_get_data (packed, NULL), len - 9);
  assert_damaged (packer->name, g_bytes_get_data (packed, NULL), len / 2);
  assert_damaged (packer->name, g_bytes_get_data (packed, NULL), 12);
}
END_TEST

/* A wrong checksum at the end too: bytes that came out wrong are not passed over in silence. zstd wants no checksum. */
START_TEST (damaged)
{
  const Packer *packer = &packers[_i];
  g_autoptr (GBytes) packed = pack (packer);
  g_autofree char *spoilt = NULL;
  gsize            len;
  g_autoptr (GError) error = NULL;
  GString *out;

  if (packed == NULL || !is_readable (packer, packed))
    return;
  len = g_bytes_get_size (packed);
  spoilt = g_memdup2 (g_bytes_get_data (packed, NULL), len);
  spoilt[len - 6] = (char) (spoilt[len - 6] ^ 0x55);
  out = unpack (spoilt, len, &error);
  assert_fails (packer->name, error, PG_ERROR_DAMAGED);
  g_string_free (out, TRUE);
}
END_TEST

START_TEST (gzip_with_a_tail)
{
  g_autoptr (GBytes) packed = pack (&packers[0]);
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  static const guint8 zeros[1000];
  g_autoptr (GError) error = NULL;
  GString *out;

  if (packed == NULL)
    return;
  g_byte_array_append (whole, g_bytes_get_data (packed, NULL), (guint) g_bytes_get_size (packed));
  g_byte_array_append (whole, zeros, sizeof zeros);
  out = unpack (whole->data, whole->len, &error);
  assert_row_agrees ("zeros", error == NULL, error, TRUE);
  assert_text ("zeros", out, 1);
  g_string_free (out, TRUE);

  g_byte_array_append (whole, (const guint8 *) "rubbish", 7);
  out = unpack (whole->data, whole->len, &error);
  assert_fails ("rubbish", error, PG_ERROR_DAMAGED);
  assert_text ("rubbish", out, 1);
  g_string_free (out, TRUE);
}
END_TEST

START_TEST (not_packed)
{
  static const char *const rows[] = { "",
                                      "x",
                                      "\x1f",
                                      "BZ",
                                      "\xfd\x37zX",
                                      "Nov 23 11:44:14 mx dovecot: no LF at the end" };
  g_autoptr (GError) error = NULL;
  GString *out;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      out = unpack (rows[i], strlen (rows[i]), &error);
      assert_row_agrees (rows[i], error == NULL, error, TRUE);
      assert_row_text (rows[i], out->str, rows[i]);
      g_string_free (out, TRUE);
    }
  out = unpack (text->str, text->len, &error);
  assert_text ("plain", out, 1);
  g_string_free (out, TRUE);
}
END_TEST

/* A pipe that gives one byte at a time. */
START_TEST (slow_pipe)
{
  g_autoptr (GBytes) packed = pack (&packers[0]);
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  PgSpan      portion = { NULL, 0 };
  PgUnpack   *unpack;
  const char *data;
  int         ends[2];

  if (packed == NULL)
    return;
  ck_assert_int_eq (pipe (ends), 0);
  data = g_bytes_get_data (packed, NULL);
  if (fork () == 0)
    {
      for (gsize i = 0; i < g_bytes_get_size (packed); i++)
        if (write (ends[1], data + i, 1) != 1)
          _exit (1);
      _exit (0);
    }
  close (ends[1]);
  unpack = pg_unpack_new (ends[0], "a pipe", &error);
  ck_assert (unpack != NULL);
  do
    g_string_append_len (out, portion.len > 0 ? portion.data : "", (gssize) portion.len);
  while (pg_unpack_next (unpack, &portion, &error) && portion.len > 0);
  pg_unpack_free (unpack);
  assert_row_agrees ("pipe", error == NULL, error, TRUE);
  assert_text ("pipe", out, 1);
}
END_TEST

START_TEST (what_cannot_be_read)
{
  g_autofree char *absent = in_folder ("absent");
  guint            n_open = count_open_files ();
  g_autoptr (GError) error = NULL;

  ck_assert (pg_unpack_open (absent, &error) == NULL);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_SYSTEM) && strstr (error->message, absent) != NULL);
  g_clear_error (&error);
  ck_assert (pg_unpack_open (folder, &error) == NULL);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_SYSTEM) && strstr (error->message, folder) != NULL);
  ck_assert_uint_eq (count_open_files (), n_open);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, one_stream, 0, G_N_ELEMENTS (packers));
  tcase_add_loop_test (tests, two_streams, 0, G_N_ELEMENTS (packers));
  tcase_add_loop_test (tests, cut, 0, G_N_ELEMENTS (packers));
  tcase_add_loop_test (tests, damaged, 0, G_N_ELEMENTS (packers));
  tcase_add_test (tests, gzip_with_a_tail);
  tcase_add_test (tests, not_packed);
  tcase_add_test (tests, slow_pipe);
  tcase_add_test (tests, what_cannot_be_read);
}

PG_TEST_MAIN ("unpack", fill)
