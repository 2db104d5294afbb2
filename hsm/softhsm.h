#ifndef INKAN_HSM_SOFTHSM_H
#define INKAN_HSM_SOFTHSM_H

/*
 * The folder in which SoftHSM keeps its tokens, as its configuration file
 * ${conf} says (directories.tokendir, softhsm2.conf(5)), into out[PATH_MAX].
 * 1, or 0 with nothing raised: no such file, or it names no absolute folder.
 * Whether the folder is there is not looked at.
 */
int hsm_softhsm_folder(const char *conf, char *out);

#endif
