/* SPDX-License-Identifier: GPL-3.0-or-later */
/* suggest: which word somebody meant who mistyped it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * pg_suggest:
 * @typed: any text
 * @words: (array length=n_words): what would have been right
 *
 * Close is a word that begins with @typed, or that a few slips of the finger make of it: a letter too many, missing or wrong, or
 * two that changed places; one slip in up to three bytes, and one more in each three further ones.
 *
 * Returns: (nullable): the closest word, the first of several; borrowed from @words; NULL: none is close
 */
G_GNUC_WARN_UNUSED_RESULT
const char *pg_suggest (const char *typed, const char *const *words, gsize n_words);

G_END_DECLS
