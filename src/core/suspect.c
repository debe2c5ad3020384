/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/suspect.h"

static const char *const login_words[] = {
  "Login:",          "Logged in", "logged in", "LOGIN",        "login success",        "Login user=",
  "uccessful login", "login by",  ": login:",  "uthenticated", "uthentication passed", "log on successful",
  "status=\"ok\"",
};

static const char *const other_words[] = {
  "fail",      "Fail",  "FAIL",   "bort",   "badlogin", "efused",     "enied", "nvalid",  "isconnect",
  "ogged out", "ogout", "LOGOUT", "imeout", "TIMEOUT",  "not logged", "xceed", "isabled", "tarted proxying",
};

static gboolean
has_any (PgSpan line, const char *const *words, gsize n_words)
{
  gsize at;

  for (gsize i = 0; i < n_words; i++)
    if (pg_span_find (line, words[i], &at))
      return TRUE;
  return FALSE;
}

gboolean
pg_suspect_is_login (PgSpan line)
{
  return has_any (line, login_words, G_N_ELEMENTS (login_words)) && !has_any (line, other_words, G_N_ELEMENTS (other_words));
}
