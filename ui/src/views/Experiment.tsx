export const Experiment = () => null;
