#ifndef KEEL_VERSION_H
#define KEEL_VERSION_H

/* The version of the library that is linked, as "MAJOR.MINOR.PATCH". Static; never NULL. */
const char *keel_version(void);

#endif
