/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process: what the kernel counts of this one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PgProcess: a negative number: it is not known. @cpu_us: of all threads, in the kernel too. */
typedef struct
{
  gint64 resident_bytes;
  gint64 cpu_us;
  gint64 n_fds;
  gint64 max_fds;
} PgProcess;

/** pg_process_look: costs a few system calls, however many descriptors are open. */
PgProcess pg_process_look (void);

G_END_DECLS
