/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guard: a mapped file that is cut under us, or can't be read, is an error and kills nobody.
 *
 * Touching a page of a mapping that the file no longer has raises SIGBUS, which ends the process. Between enter and leave
 * such a page is replaced by one of zeros, and leave tells. What was read or written since then is worthless: the caller
 * throws the mapping away. Outside of that SIGBUS is what it always was.
 * Source: mmap(2), sigaction(2): si_addr is the address that was touched
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** pg_guard_enter: from now on missing pages are replaced. Not nested; for the calling thread. */
void pg_guard_enter (void);

/** pg_guard_leave: FALSE if a page was missing since pg_guard_enter(). */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_guard_leave (void);

G_END_DECLS
