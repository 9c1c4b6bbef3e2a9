/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For builds without translations on systems without libintl: <glib/gi18n-lib.h> includes this
 * header, but uses only functions of GLib. */
