import styles from "./Preview.module.css";

/** Says that there is more than is shown. */
export const Cut = () => <p className={styles.note}>Only the beginning is shown; download it for the rest.</p>;
